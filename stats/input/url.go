package input

import "strings"

// pipes are the commands that read a URL, by its beginning.
var pipes = []struct{ scheme, command string }{
	{"http://", "curl -sf URL"},
	{"https://", "curl -sf URL"},
	{"s3://", "aws s3 cp URL -"},
	{"gs://", "gcloud storage cat URL"},
	{"file:", "cat PATH"},
}

// urlPipe returns a command that gives what a URL names, or nothing where an argument is none.
func urlPipe(arg string) string {
	for _, p := range pipes {
		if strings.HasPrefix(arg, p.scheme) {
			path := "/" + strings.TrimLeft(strings.TrimPrefix(arg, p.scheme), "/")
			return strings.NewReplacer("URL", "'"+label(arg)+"'", "PATH", label(path)).Replace(p.command)
		}
	}
	return ""
}

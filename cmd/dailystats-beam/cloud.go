package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync"

	"dailystats/stats/pipeline"

	"cloud.google.com/go/storage"
	"github.com/bmatcuk/doublestar/v4"
	"google.golang.org/api/iterator"
)

const cloudScheme = "gs://"

func isCloud(path string) bool { return strings.HasPrefix(path, cloudScheme) }

// cloud is Google Cloud Storage. Beam's own way to it reads objects from the
// beginning only.
type cloud struct{}

// cloudClient is one for the process, which lives as long.
var cloudClient = sync.OnceValues(func() (*storage.Client, error) { return storage.NewClient(context.Background()) })

// splitCloud splits gs://BUCKET/OBJECT.
func splitCloud(path string) (bucket, object string) {
	bucket, object, _ = strings.Cut(strings.TrimPrefix(path, cloudScheme), "/")
	return bucket, object
}

func cloudBucket(name string) (*storage.BucketHandle, error) {
	client, err := cloudClient()
	if err != nil {
		return nil, fmt.Errorf("gs://: %w", err)
	}
	return client.Bucket(name), nil
}

func cloudObject(path string) (*storage.ObjectHandle, error) {
	bucket, object := splitCloud(path)
	b, err := cloudBucket(bucket)
	if err != nil {
		return nil, err
	}
	return b.Object(object), nil
}

// find takes an object, a folder, which stands for the objects in it, or a glob.
func (c cloud) find(ctx context.Context, arg string) (files []file, err error) {
	_, pattern := splitCloud(arg)
	isGlob := strings.ContainsAny(pattern, "*?[{")
	prefix := pattern
	if isGlob {
		prefix, _ = doublestar.SplitPattern(pattern)
		prefix = strings.TrimPrefix(prefix, ".")
	}
	folder := strings.TrimSuffix(pattern, "/")
	err = c.each(ctx, arg, prefix, func(o *storage.ObjectAttrs) {
		named := o.Name == pattern || path.Dir(o.Name) == folder || folder == "" && !strings.Contains(o.Name, "/")
		if isGlob {
			named = doublestar.MatchUnvalidated(pattern, o.Name)
		}
		if named && !strings.HasSuffix(o.Name, "/") {
			name := cloudScheme + o.Bucket + "/" + o.Name
			files = append(files, file{name, name, o.Size})
		}
	})
	if err == nil && len(files) == 0 {
		err = pipeline.UsageErrorf("input not found: %s", arg)
	}
	return files, err
}

// each calls do with all objects of a path's bucket that begin with a prefix, by
// name.
func (cloud) each(ctx context.Context, path, prefix string, do func(*storage.ObjectAttrs)) error {
	name, _ := splitCloud(path)
	bucket, err := cloudBucket(name)
	if err != nil {
		return err
	}
	for objects := bucket.Objects(ctx, &storage.Query{Prefix: prefix}); ; {
		o, err := objects.Next()
		if err == iterator.Done {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		do(o)
	}
}

func (cloud) open(ctx context.Context, f file) (io.ReadSeekCloser, error) {
	object, err := cloudObject(f.Path)
	return &cloudReader{ctx: ctx, object: object}, err
}

// cloudReader reads an object from any offset on.
type cloudReader struct {
	ctx    context.Context
	object *storage.ObjectHandle
	r      *storage.Reader // nil where the next byte has not been asked for
	offset int64
}

// Read implements io.Reader.
func (c *cloudReader) Read(p []byte) (n int, err error) {
	if c.r == nil {
		if c.r, err = c.object.NewRangeReader(c.ctx, c.offset, -1); err != nil {
			return 0, err
		}
	}
	n, err = c.r.Read(p)
	c.offset += int64(n)
	return n, err
}

// Seek implements io.Seeker, but for what is from the end.
func (c *cloudReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.offset
	case io.SeekEnd:
		return 0, errors.ErrUnsupported
	}
	err := c.Close()
	c.offset = offset
	return offset, err
}

// Close implements io.Closer.
func (c *cloudReader) Close() error {
	if c.r == nil {
		return nil
	}
	r := c.r
	c.r = nil
	return r.Close()
}

func (cloud) create(ctx context.Context, path string) (io.WriteCloser, error) {
	object, err := cloudObject(path)
	if err != nil {
		return nil, err
	}
	return object.NewWriter(ctx), nil
}

func (cloud) rename(ctx context.Context, from, to string) error {
	source, err := cloudObject(from)
	if err != nil {
		return err
	}
	target, err := cloudObject(to)
	if err != nil {
		return err
	}
	_, err = target.CopierFrom(source).Run(ctx)
	if errors.Is(err, storage.ErrObjectNotExist) {
		_, err = target.Attrs(ctx)
		return err
	}
	if err != nil {
		return err
	}
	if err := source.Delete(ctx); !errors.Is(err, storage.ErrObjectNotExist) {
		return err
	}
	return nil
}

func (c cloud) list(ctx context.Context, folder string) (names []string, err error) {
	_, prefix := splitCloud(join(folder, ""))
	err = c.each(ctx, folder, prefix, func(o *storage.ObjectAttrs) {
		names = append(names, strings.TrimPrefix(o.Name, prefix))
	})
	return names, err
}

func (c cloud) remove(ctx context.Context, folder string) error {
	names, err := c.list(ctx, folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		object, err := cloudObject(join(folder, name))
		if err != nil {
			return err
		}
		if err := object.Delete(ctx); err != nil && !errors.Is(err, storage.ErrObjectNotExist) {
			return err
		}
	}
	return nil
}

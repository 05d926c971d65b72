package bench

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// formatSize writes a number of bytes as people read it: 64 MiB.
func formatSize(bytes int64) string { return humanize.IBytes(uint64(bytes)) }

const mib = 1 << 20

// formatTick writes the figures along an axis.
func formatTick(n float64) string { return humanize.Commaf(n) }

// cut shortens a message that is to stand in a table.
func cut(message string) string {
	const most = 80
	runes := []rune(message)
	if len(runes) <= most {
		return message
	}
	return string(runes[:most]) + "…"
}

func formatPeak(bytes int64) string {
	if bytes == 0 {
		return "unknown"
	}
	if bytes < 100*mib {
		return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
	}
	return fmt.Sprintf("%s MiB", humanize.Comma(bytes/mib))
}

func formatSpilled(bytes int64) string {
	if bytes == 0 {
		return "–"
	}
	return humanize.IBytes(uint64(bytes))
}

// formatSeconds writes a duration with three digits, or more where it is long.
func formatSeconds(s float64) string {
	switch {
	case s < 0.1:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 10:
		return fmt.Sprintf("%.2f s", s)
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	default:
		return fmt.Sprintf("%.0f s", s)
	}
}

func formatRate(n float64) string {
	if n < 10 {
		return fmt.Sprintf("%.1f", n)
	}
	return humanize.Comma(int64(n + 0.5))
}

// formatCount writes a large number with three digits: 4.56 M.
func formatCount(n float64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.3g G", n/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.3g M", n/1e6)
	case n >= 1e4:
		return fmt.Sprintf("%.3g k", n/1e3)
	default:
		return fmt.Sprintf("%.0f", n)
	}
}

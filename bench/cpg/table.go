package main

import (
	"fmt"
	"slices"
	"strconv"
)

const line = "%-40s %-11s %28s %28s %7s\n"

func heading(title string, s settings) {
	client := "our client"
	if s.client != "" {
		client = s.client
	}
	fmt.Printf("\n%s, %d runs of each in turns, median (lowest..highest), profile %s, %s\n", title, s.runs, s.profile, client)
	fmt.Printf(line, "what", "unit", "ours", "original", "ratio")
}

// row shows one line. The ratio is ours by the original's, whatever is better.
func row(what, unit string, ours, original []float64) {
	ratio := "-"
	if m := median(original); m > 0 {
		ratio = fmt.Sprintf("%.2f", median(ours)/m)
	}
	fmt.Printf(line, what, unit, spread(ours), spread(original), ratio)
}

func spread(list []float64) string {
	if len(list) == 0 {
		return "-"
	}
	return fmt.Sprintf("%s (%s..%s)", number(median(list)), number(slices.Min(list)), number(slices.Max(list)))
}

// number shows three digits at least.
func number(x float64) string {
	switch {
	case x < 10:
		return strconv.FormatFloat(x, 'f', 2, 64)
	case x < 100:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	list = slices.Sorted(slices.Values(list))
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}

//go:build race

package sim

// The race detector makes everything ten times slower, and finds nothing in
// machines that have no goroutines: a few seeds do.
const defaultSeeds = 8

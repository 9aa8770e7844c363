package tool

// Suggest returns the word of the list that is nearest to a mistyped one, ""
// if none is near: at most a third of its letters may differ.
func Suggest(word string, list []string) string {
	best, limit := "", max(1, len(word)/3)
	for _, w := range list {
		if d := distance(word, w); d <= limit && d > 0 {
			best, limit = w, d-1
			if limit == 0 {
				break
			}
		}
	}
	return best
}

// distance is the number of letters to insert, delete, change or swap with
// their neighbour to get from a to b.
func distance(a, b string) int {
	two := make([]int, len(b)+1)
	prev := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], two[j-2]+1)
			}
		}
		two, prev, row = prev, row, two
	}
	return prev[len(b)]
}

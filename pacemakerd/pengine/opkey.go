package pengine

import (
	"strconv"
	"strings"
)

// opKey is the name of an operation: RESOURCE_TASK_MILLISECONDS.
func opKey(rsc, task string, ms int64) string {
	return rsc + "_" + task + "_" + strconv.FormatInt(ms, 10)
}

// parseOpKey takes an operation key apart, from the right because resource ids
// may contain underscores (spec: scheduler.md 2.8).
func parseOpKey(key string) (rsc, task string, ms int64, ok bool) {
	i := strings.LastIndexByte(key, '_')
	if i < 0 {
		return "", "", 0, false
	}
	ms, err := strconv.ParseInt(key[i+1:], 10, 64)
	if err != nil {
		return "", "", 0, false
	}
	key = key[:i]
	for _, when := range [...]string{"_pre_notify_", "_post_notify_", "_confirmed-pre_notify_", "_confirmed-post_notify_"} {
		if j := strings.LastIndex(key, when); j > 0 {
			return key[:j], "notify", ms, true
		}
	}
	for _, long := range [...]string{"_migrate_to", "_migrate_from"} {
		if r, found := strings.CutSuffix(key, long); found && r != "" {
			return r, long[1:], ms, true
		}
	}
	j := strings.LastIndexByte(key, '_')
	if j <= 0 {
		return "", "", 0, false
	}
	return key[:j], key[j+1:], ms, true
}

// itoa keeps the many small conversions readable.
func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

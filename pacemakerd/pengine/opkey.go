package pengine

import (
	"strconv"
	"strings"
)

// OpKey is the name of an operation: RESOURCE_TASK_MILLISECONDS.
func OpKey(rsc, task string, ms int64) string {
	return rsc + "_" + task + "_" + strconv.FormatInt(ms, 10)
}

// ParseOpKey takes an operation key apart, from the right because resource ids
// may contain underscores (scheduler.md 2.8).
func ParseOpKey(key string) (rsc, task string, ms int64, ok bool) {
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

// NotifyKey is the key of a notification, when ("pre", "post", ...) something
// is done about a resource.
func NotifyKey(rsc, when, task string) string { return rsc + "_" + when + "_notify_" + task + "_0" }

// itoa keeps the many small conversions readable.
func itoa[T int | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

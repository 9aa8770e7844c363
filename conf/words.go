package conf

import (
	"slices"
	"strings"
)

// wordKey is a key whose values are words out of a list.
type wordKey struct {
	el7, el9 string // the words; "" means that the generation does not check
	text7    string
	text9    string
}

var wordKeys = map[string]wordKey{
	"totem.ip_version": {"ipv4 ipv6", "ipv4 ipv6 ipv6-4 ipv4-6", "Invalid ip_version type", "Invalid ip_version type"},
	"totem.crypto_cipher": {"none aes256 aes192 aes128 3des", "none aes256 aes192 aes128",
		"Invalid cipher type", "Invalid cipher type. Should be none, aes256, aes192 or aes128"},
	"totem.crypto_hash": {"none md5 sha1 sha256 sha384 sha512", "none md5 sha1 sha256 sha384 sha512",
		"Invalid hash type", "Invalid hash type. Should be none, md5, sha1, sha256, sha384 or sha512"},
	"totem.crypto_type":  {"nss aes256 aes192 aes128 3des", "", "Invalid crypto type", ""},
	"totem.crypto_model": {"", "nss openssl", "", "Invalid crypto model. Should be nss or openssl"},
	"totem.knet_compression_model": {"", "zlib lz4 lz4hc lzo2 lzma bzip2 zstd", "",
		"Invalid compression model. Should be zlib, lz4, lz4hc, lzo2, lzma, bzip2 or zstd"},
	"qb.ipc_type":                       {"native shm socket", "", "Invalid qb ipc_type", ""},
	"system.qb_ipc_type":                {"", "native shm socket", "", "Invalid system.qb_ipc_type"},
	"system.sched_rr":                   {"", "yes no", "", "Invalid system.sched_rr value"},
	"system.move_to_root_cgroup":        {"", "yes no auto", "", "Invalid system.move_to_root_cgroup"},
	"system.allow_knet_handle_fallback": {"", "yes no", "", "Invalid system.allow_knet_handle_fallback"},
}

func (k *keyer) checkWord(path, value string) (remedy, text string, bad bool) {
	w, ok := wordKeys[path]
	words, text := w.el7, w.text7
	if k.f.Profile == EL9 {
		words, text = w.el9, w.text9
	}
	if !ok || words == "" || slices.Contains(strings.Fields(words), value) {
		return "", "", false
	}
	return path + " must be one of: " + words, text, true
}

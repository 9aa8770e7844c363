package wire

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"hash"
	"io"
)

const (
	envelopeMark = 0xfe
	envelopeHead = 4
	saltSize     = 16

	// KeySize is how much of a key file is read, in bytes. A shorter one is an
	// error.
	KeySize = 128
)

// Errors of Envelope.Open. ErrAuth stands for every way in which a message was
// not made with our key and ciphers, so that a sender learns nothing from it.
var ErrAuth = errors.New("message was made with another key or other crypto settings")

// An Envelope is the outer layer of a UDP payload. In EL9 there is none; in EL7
// it is always there, and encrypts and signs if so configured:
//
//	offset size
//	     0    1  0xfe
//	     1    1  0xfe
//	     2    2  0
//	     4   16  salt, the initialisation vector; only with a cipher
//	     .       the totem message, or its CBC ciphertext with PKCS#7 padding
//	  last       HMAC over all bytes before it; only with a hash
//
// Which cipher and hash is not in the message: all nodes must be configured
// alike. There is no protection against replay. Spec: totem.md 1.2.
//
// An Envelope keeps buffers, so one goroutine owns it.
type Envelope struct {
	gen   Generation
	block cipher.Block // nil for none
	mac   hash.Hash    // nil for none
	rand  io.Reader

	sum    []byte
	opened []byte // what the last Open decrypted
}

var ciphers = map[string]struct {
	key int
	new func([]byte) (cipher.Block, error)
}{
	"aes256": {32, aes.NewCipher},
	"aes192": {24, aes.NewCipher},
	"aes128": {16, aes.NewCipher},
	"3des":   {24, des.NewTripleDESCipher},
}

var hashes = map[string]func() hash.Hash{
	"md5":    md5.New,
	"sha1":   sha1.New,
	"sha256": sha256.New,
	"sha384": sha512.New384,
	"sha512": sha512.New,
}

// NewEnvelope returns the outer layer for generation g. cipherName is "none",
// "aes256", "aes192", "aes128" or "3des"; hashName is "none", "md5", "sha1",
// "sha256", "sha384" or "sha512"; empty means none. A cipher needs a hash. Of
// key the first KeySize bytes count; a shorter one stands as it is for the HMAC
// and is filled up with zeros for the cipher. rand gives the salts, for instance
// crypto/rand.Reader.
func NewEnvelope(g Generation, cipherName, hashName string, key []byte, rand io.Reader) (*Envelope, error) {
	e := &Envelope{gen: g, rand: rand}
	if cipherName == "" {
		cipherName = "none"
	}
	if hashName == "" {
		hashName = "none"
	}
	if cipherName == "none" && hashName == "none" {
		return e, nil
	}
	if g == EL9 {
		return nil, errors.New("totem: crypto_cipher and crypto_hash need transport knet in corosync 3")
	}
	newHash, ok := hashes[hashName]
	switch {
	case hashName == "none":
		return nil, fmt.Errorf("totem: crypto_cipher %s needs a crypto_hash", cipherName)
	case !ok:
		return nil, fmt.Errorf("totem: unknown crypto_hash %q", hashName)
	case len(key) == 0:
		return nil, errors.New("totem: key is empty")
	}
	key = key[:min(len(key), KeySize)]
	e.mac = hmac.New(newHash, key)
	if cipherName == "none" {
		return e, nil
	}
	c, ok := ciphers[cipherName]
	if !ok {
		return nil, fmt.Errorf("totem: unknown crypto_cipher %q", cipherName)
	}
	padded := make([]byte, KeySize)
	copy(padded, key)
	var err error
	if e.block, err = c.new(padded[:c.key]); err != nil {
		return nil, fmt.Errorf("totem: crypto_cipher %s: %w", cipherName, err)
	}
	return e, nil
}

// Overhead returns how much the layer takes from each packet, in bytes, as
// corosync counts it: Config.Overhead of package totem.
func (e *Envelope) Overhead() int {
	if e.gen == EL9 {
		return 0
	}
	n := envelopeHead
	if e.mac != nil {
		n += e.mac.Size()
	}
	if e.block != nil {
		n += saltSize + 2*e.block.BlockSize()
	}
	return n
}

// Secure reports whether messages are signed.
func (e *Envelope) Secure() bool { return e.mac != nil }

// Seal appends msg in its outer layer to b. It fails only if there are no
// random bytes for the salt.
func (e *Envelope) Seal(b, msg []byte) ([]byte, error) {
	if e.gen == EL9 {
		return append(b, msg...), nil
	}
	start := len(b)
	b = append(b, envelopeMark, envelopeMark, 0, 0)
	if e.block == nil {
		b = append(b, msg...)
	} else {
		var salt [saltSize]byte
		if _, err := io.ReadFull(e.rand, salt[:]); err != nil {
			return nil, fmt.Errorf("totem: salt: %w", err)
		}
		b = append(b, salt[:]...)
		body := len(b)
		b = append(b, msg...)
		size := e.block.BlockSize()
		pad := size - len(msg)%size
		for range pad {
			b = append(b, byte(pad))
		}
		cipher.NewCBCEncrypter(e.block, salt[:size]).CryptBlocks(b[body:], b[body:])
	}
	if e.mac != nil {
		e.mac.Reset()
		e.mac.Write(b[start:])
		b = e.mac.Sum(b)
	}
	return b, nil
}

// Open takes the outer layer off a UDP payload and returns the totem message in
// it, which is valid until the next call and may alias b. The error is a
// *ForeignError if another generation sent it, and wraps ErrAuth if the key or
// the crypto settings differ.
func (e *Envelope) Open(b []byte) ([]byte, error) {
	if err := expect(e.gen, b); err != nil {
		return nil, err
	}
	if e.gen == EL9 {
		return b, nil
	}
	if len(b) <= envelopeHead {
		return nil, fmt.Errorf("totem: envelope: %w (%d bytes)", ErrShort, len(b))
	}
	if e.mac != nil {
		h := e.mac.Size()
		if len(b) <= envelopeHead+h {
			return nil, fmt.Errorf("totem: %w", ErrAuth)
		}
		e.mac.Reset()
		e.mac.Write(b[:len(b)-h])
		e.sum = e.mac.Sum(e.sum[:0])
		if !hmac.Equal(e.sum, b[len(b)-h:]) {
			return nil, fmt.Errorf("totem: %w", ErrAuth)
		}
		b = b[:len(b)-h]
	}
	if b[2] != 0 || b[3] != 0 {
		return nil, fmt.Errorf("totem: envelope: pads %d %d: %w", b[2], b[3], ErrValue)
	}
	if b = b[envelopeHead:]; e.block == nil {
		return b, nil
	}
	size := e.block.BlockSize()
	if len(b) <= saltSize || (len(b)-saltSize)%size != 0 {
		return nil, fmt.Errorf("totem: %w", ErrAuth)
	}
	body := b[saltSize:]
	e.opened = append(e.opened[:0], body...)
	cipher.NewCBCDecrypter(e.block, b[:size]).CryptBlocks(e.opened, body)
	pad := int(e.opened[len(e.opened)-1])
	if pad == 0 || pad > size {
		return nil, fmt.Errorf("totem: %w", ErrAuth)
	}
	for _, p := range e.opened[len(e.opened)-pad:] {
		if int(p) != pad {
			return nil, fmt.Errorf("totem: %w", ErrAuth)
		}
	}
	return e.opened[:len(e.opened)-pad], nil
}

// Command pack makes an archive of package captures from a folder:
//
//	unzip -d DIR captures/totem.zip
//	go run ./captures/pack captures/totem.zip DIR
//
// The same files give the same archive: names are sorted and nothing of the
// machine, as times or modes, goes in.
package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"io/fs"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pack ARCHIVE FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(archive, folder string) error {
	var b bytes.Buffer
	if err := pack(&b, os.DirFS(folder)); err != nil {
		return err
	}
	return os.WriteFile(archive, b.Bytes(), 0o644)
}

// pack writes all files below a folder. WalkDir goes in the order of names.
func pack(w io.Writer, folder fs.FS) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	err := fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		f, err := z.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Deflate})
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	return z.Close()
}

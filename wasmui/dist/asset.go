// SPDX-License-Identifier: Apache-2.0

package dist

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// The content codings that a file may lie in beside itself, as file.br and
// file.gz. In the order in which they are preferred when a browser does not
// care.
const (
	brotli   = "br"
	gzip     = "gzip"
	identity = "identity"
)

// codingSuffixes says by which file name a coding is found.
var codingSuffixes = []struct{ coding, suffix string }{
	{brotli, ".br"},
	{gzip, ".gz"},
	{identity, ""},
}

// contentTypes is fixed, because what the operating system knows of extensions
// differs between machines, and a wasm of another type does not stream.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
}

// hashedName is how the build names what never changes: the first 16 hex digits
// of the content's SHA-256 stand before the extension.
var hashedName = regexp.MustCompile(`\.[0-9a-f]{16}\.[a-z0-9]+$`)

// asset is one file of the site, in all the codings it lies in.
type asset struct {
	contentType  string
	cacheControl string
	variants     []variant // in order of preference, identity last
}

// variant is one coding of an asset.
type variant struct {
	coding string
	file   string
	size   int64
	etag   string // strong, so another for each coding
}

// readAssets lists the site by URL path. The index page is "/", any other page
// its name without the extension, and that only: one page has one address.
func readAssets(fsys fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || isVariant(fsys, name) || isHidden(d.Name()) {
			return nil
		}
		a, err := readAsset(fsys, name)
		if err != nil {
			return err
		}
		assets[urlPath(name)] = a
		return nil
	})
	return assets, err
}

// isHidden reports whether a file is the build's own business: the placeholder
// of a fresh clone, and the record that spares the next build work.
func isHidden(base string) bool {
	return base == "placeholder.txt" || strings.HasPrefix(base, ".")
}

func urlPath(name string) string {
	if name == indexFile {
		return "/"
	}
	return "/" + strings.TrimSuffix(name, ".html")
}

// isVariant reports whether name is a coding of another file of the site, and
// not a file of its own.
func isVariant(fsys fs.FS, name string) bool {
	for _, c := range codingSuffixes {
		if c.suffix == "" || path.Ext(name) != c.suffix {
			continue
		}
		if _, err := fs.Stat(fsys, name[:len(name)-len(c.suffix)]); err == nil {
			return true
		}
	}
	return false
}

func readAsset(fsys fs.FS, name string) (*asset, error) {
	a := &asset{contentType: contentTypes[path.Ext(name)], cacheControl: cacheRevalidate}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	if hashedName.MatchString(name) {
		a.cacheControl = cacheForGood
	}
	for _, c := range codingSuffixes {
		if _, err := fs.Stat(fsys, name+c.suffix); err != nil {
			continue
		}
		v, err := readVariant(fsys, name+c.suffix, c.coding)
		if err != nil {
			return nil, err
		}
		a.variants = append(a.variants, v)
	}
	return a, nil
}

func readVariant(fsys fs.FS, name, coding string) (variant, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return variant{}, fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return variant{}, fmt.Errorf("read %s: %w", name, err)
	}
	etag := `"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`
	return variant{coding: coding, file: name, size: size, etag: etag}, nil
}

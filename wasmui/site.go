// SPDX-License-Identifier: Apache-2.0

//go:build !js

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

// file is one file of the site.
type file struct {
	name   string // its path within the site
	plain  []byte
	hashed bool // the name bears a hash of the content
}

// siteBuilder gathers the files of a site. Files go in in the order in which
// they name each other, because a name hangs on the content.
type siteBuilder struct {
	web   fs.FS
	files []file
	urls  map[string]string // by the name before hashing
}

// The folder of the site's sources.
const (
	pageTemplate     = "index.html"
	manifestTemplate = "manifest.webmanifest"
	workerTemplate   = "app-worker.js"
	styleFolder      = "css"
	iconFolder       = "icons"
)

// assemble makes the files of the site: under names that bear a hash whatever
// the page asks for, and under fixed names what browsers look for there.
func assemble(web fs.FS, wasm, wasmExec []byte) ([]file, error) {
	s := &siteBuilder{web: web, urls: make(map[string]string)}
	s.addHashed("app.wasm", wasm)
	s.addHashed("wasm_exec.js", wasmExec)
	if err := s.addIcons(); err != nil {
		return nil, err
	}
	if err := s.addStyle(); err != nil {
		return nil, err
	}
	loader, err := s.loader(len(wasm))
	if err != nil {
		return nil, err
	}
	s.addHashed("app.js", loader)

	if err := s.addTemplate(manifestTemplate, nil); err != nil {
		return nil, err
	}
	body, err := renderPage()
	if err != nil {
		return nil, err
	}
	if err := s.addTemplate(pageTemplate, map[string]any{"Body": body}); err != nil {
		return nil, err
	}
	// The worker comes last: its version is one of all the rest, so that browsers
	// see a new one exactly where something is new.
	precache, err := json.Marshal(s.precache())
	if err != nil {
		return nil, fmt.Errorf("list the files of the service worker: %w", err)
	}
	return s.files, s.addTemplate(workerTemplate, map[string]any{
		"Version":  s.version(),
		"Precache": string(precache),
	})
}

func (s *siteBuilder) add(name string, content []byte) {
	s.files = append(s.files, file{name: name, plain: content})
}

// addHashed adds a file whose name never means another content. How the hash
// stands in the name is agreed with the server, which has browsers keep such
// files for good.
func (s *siteBuilder) addHashed(name string, content []byte) {
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + contentHash(content) + ext
	s.files = append(s.files, file{name: hashed, plain: content, hashed: true})
	s.urls[name] = "/" + hashed
}

func contentHash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:8])
}

func (s *siteBuilder) addIcons() error {
	names, err := fs.Glob(s.web, iconFolder+"/*")
	if err != nil {
		return fmt.Errorf("list the icons: %w", err)
	}
	for _, name := range names {
		content, err := fs.ReadFile(s.web, name)
		if err != nil {
			return fmt.Errorf("read an icon: %w", err)
		}
		s.addHashed(path.Base(name), content)
	}
	return nil
}

// addStyle joins the style sheets in the order of their names, which begin with
// a number for it.
func (s *siteBuilder) addStyle() error {
	names, err := fs.Glob(s.web, styleFolder+"/*.css")
	if err != nil {
		return fmt.Errorf("list the style sheets: %w", err)
	}
	slices.Sort(names)
	var style bytes.Buffer
	for _, name := range names {
		content, err := fs.ReadFile(s.web, name)
		if err != nil {
			return fmt.Errorf("read a style sheet: %w", err)
		}
		style.Write(content)
	}
	s.addHashed("style.css", style.Bytes())
	return nil
}

// addTemplate adds a source that names other files, as {{asset "style.css"}}.
func (s *siteBuilder) addTemplate(name string, data map[string]any) error {
	content, err := fs.ReadFile(s.web, name)
	if err != nil {
		return fmt.Errorf("read a source of the site: %w", err)
	}
	t, err := template.New(name).Funcs(template.FuncMap{"asset": s.url}).Parse(string(content))
	if err != nil {
		return fmt.Errorf("read a source of the site: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return fmt.Errorf("fill in a source of the site: %w", err)
	}
	s.add(name, out.Bytes())
	return nil
}

// url gives the address of a file by its name before hashing.
func (s *siteBuilder) url(name string) (string, error) {
	url, ok := s.urls[name]
	if !ok {
		return "", fmt.Errorf("there is no file %q in the site", name)
	}
	return url, nil
}

// precache lists what the app needs to open without a network: everything so
// far. The page is listed by its address.
func (s *siteBuilder) precache() []string {
	urls := make([]string, 0, len(s.files))
	for _, f := range s.files {
		if f.name == pageTemplate {
			urls = append(urls, "/")
			continue
		}
		urls = append(urls, "/"+f.name)
	}
	slices.Sort(urls)
	return urls
}

// version is one of all files so far.
func (s *siteBuilder) version() string {
	sum := sha256.New()
	for _, f := range s.files {
		fmt.Fprintln(sum, f.name, contentHash(f.plain))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

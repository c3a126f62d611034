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
func assemble(web fs.FS, compiled map[string][]byte, wasmExec []byte) ([]file, error) {
	s := &siteBuilder{web: web, urls: make(map[string]string)}
	for _, program := range programs {
		s.addHashed(program+".wasm", compiled[program])
	}
	s.addHashed("wasm_exec.js", wasmExec)
	if err := s.addIcons(); err != nil {
		return nil, err
	}
	if err := s.addStyle(); err != nil {
		return nil, err
	}
	for _, program := range programs {
		loader, err := s.loader(program, len(compiled[program]))
		if err != nil {
			return nil, err
		}
		s.addHashed(program+".js", loader)
	}
	if err := s.addTemplate(manifestTemplate, manifestTemplate, nil); err != nil {
		return nil, err
	}
	for _, d := range documents {
		if err := s.addDocument(d); err != nil {
			return nil, err
		}
	}
	// The worker comes last: its version is one of all the rest, so that browsers
	// see a new one exactly where something is new.
	now, later := s.cached()
	lists, err := json.Marshal([][]string{now, later})
	if err != nil {
		return nil, fmt.Errorf("list the files of the service worker: %w", err)
	}
	return s.files, s.addTemplate(workerTemplate, workerTemplate, map[string]any{
		"Version": s.version(),
		"Lists":   string(lists),
	})
}

// addDocument adds a page.
func (s *siteBuilder) addDocument(d document) error {
	body, err := renderPage(d.root())
	if err != nil {
		return fmt.Errorf("render %s: %w", d.path, err)
	}
	return s.addTemplate(d.name, pageTemplate, map[string]any{
		"Title": d.title, "Description": d.description, "Body": body,
		"Wasm": d.program + ".wasm", "Loader": d.program + ".js",
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

// addTemplate adds a file made of a source that names other files, as
// {{asset "style.css"}}.
func (s *siteBuilder) addTemplate(name, source string, data map[string]any) error {
	content, err := fs.ReadFile(s.web, source)
	if err != nil {
		return fmt.Errorf("read a source of the site: %w", err)
	}
	t, err := template.New(source).Funcs(template.FuncMap{"asset": s.url}).Parse(string(content))
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

// cached lists what the service worker keeps, so that the app opens without a
// network: now what the Stream page needs, later what belongs to other programs,
// which is fetched when it is first asked for. Pages are listed by their
// addresses.
func (s *siteBuilder) cached() (now, later []string) {
	rest := make(map[string]bool)
	address := make(map[string]string)
	for _, d := range documents {
		address[d.name] = d.path
		if d.program != streamProgram {
			rest[d.path], rest[s.urls[d.program+".wasm"]] = true, true
		}
	}
	later = []string{} // an empty list, not none, in the worker
	for _, f := range s.files {
		url := "/" + f.name
		if path, ok := address[f.name]; ok {
			url = path
		}
		if rest[url] {
			later = append(later, url)
		} else {
			now = append(now, url)
		}
	}
	slices.Sort(now)
	slices.Sort(later)
	return now, later
}

// version is one of all files so far.
func (s *siteBuilder) version() string {
	sum := sha256.New()
	for _, f := range s.files {
		fmt.Fprintln(sum, f.name, contentHash(f.plain))
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

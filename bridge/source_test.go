// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"sluice/bridge"
	"sluice/bridge/catalog"
	"sluice/internal/bubble"
	numbersv1 "sluice/proto/gen/sluice/numbers/v1"
)

// catalogOf returns the methods of one linked file.
func catalogOf(t *testing.T, fd protoreflect.FileDescriptor) *catalog.Catalog {
	t.Helper()
	files := new(protoregistry.Files)
	if err := files.RegisterFile(fd); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.New(files)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What a source gives anew is taken up, and what it cannot give changes nothing.
func TestSource(t *testing.T) {
	t.Parallel()
	bubble.Test(t, func(t *testing.T) {
		var log lines
		var gives atomic.Pointer[catalog.Catalog]
		numbers := catalogOf(t, numbersv1.File_sluice_numbers_v1_numbers_proto)
		gives.Store(numbers.WithExposure(catalog.Exposure{Hide: []string{"**"}}))
		broken := errors.New("the file is broken")
		w := worldOf(t, newBare(counting), log.option(), bridge.WithRefresh(time.Minute), bridge.WithBackendSource("", func() (*catalog.Catalog, error) {
			if c := gives.Load(); c != nil {
				return c, nil
			}
			return nil, broken
		}))
		synctest.Wait()
		if r := w.get("/sse?count=1"); r.StatusCode != 404 {
			t.Errorf("before there is a method it is %s", r.Status)
		}
		gives.Store(numbers)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		checkNumbers(t, w.get("/sse?count=1").all(), 1, 1)
		gives.Store(nil)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		checkNumbers(t, w.get("/sse?count=1").all(), 1, 1)
		if got := strings.Count(log.String(), broken.Error()); got != 1 {
			t.Errorf("the log tells %d times that the source is broken:\n%s", got, &log)
		}
	})
	for says, source := range map[string]func() (*catalog.Catalog, error){
		"no source": nil,
		"broken":    func() (*catalog.Catalog, error) { return nil, errors.New("broken") },
	} {
		if _, err := bridge.New(&lateConn{}, bridge.WithBackendSource("", source)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New gave %v, want …%s…", err, says)
		}
	}
	if _, err := bridge.New(&lateConn{}, bridge.WithBackendSource("other", nil)); err == nil || !strings.Contains(err.Error(), `"other"`) {
		t.Errorf("New gave %v for a backend that there is not", err)
	}
}

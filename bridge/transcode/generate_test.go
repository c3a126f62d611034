// SPDX-License-Identifier: Apache-2.0

package transcode

//go:generate go tool -modfile=../../internal/tools/go.mod buf build testdata/schema --as-file-descriptor-set --exclude-source-info --exclude-imports -o testdata/schema.txtpb

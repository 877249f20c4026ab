// Judges a log with the Go team's sumdb/note and sumdb/tlog: judge LOG VKEYS PROOFS [OLD_CHECKPOINT].
//
// Everything that decides is theirs: note.Open, tlog.StoredHashesForRecordHash and tlog.TreeHash (from all leaf
// tiles up to the signed root), tlog.ReadTileData (what each tile has to be), tlog.CheckRecord, tlog.CheckTree.
// Ours are file names and the lines of tlog-proof texts. Ed25519 only: sumdb/note ignores the ML-DSA-44 line.
//
// Not tlog.TileHashReader, made for this: as of x/mod 0.7 it starts to authenticate at tile len(stx), a number of
// hashes, where it means the number of their tiles, and so returns hashes of tiles that it has not checked.
//
// Exit code 0: everything verifies; 1: something does not (said on stdout); 2: usage.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

// head is a checkpoint whose signature was good.
type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

func main() {
	args := os.Args[1:]
	if len(args) != 3 && len(args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: judge LOG VKEYS PROOFS [OLD_CHECKPOINT]")
		os.Exit(2)
	}
	old := ""
	if len(args) == 4 {
		old = args[3]
	}
	said, err := judge(args[0], args[1], args[2], old)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(said)
}

func judge(log, vkeys, proofs, old string) (string, error) {
	keys, err := os.ReadFile(vkeys)
	if err != nil {
		return "", err
	}
	verifier, err := note.NewVerifier(strings.SplitN(string(keys), "\n", 2)[0])
	if err != nil {
		return "", fmt.Errorf("%s: %w", vkeys, err)
	}
	now, err := openFile(filepath.Join(log, "checkpoint"), verifier)
	if err != nil {
		return "", err
	}
	tree, err := readTree(log, now)
	if err != nil {
		return "", err
	}
	proved, err := checkProofs(proofs, verifier)
	if err != nil {
		return "", err
	}
	if old != "" {
		before, err := openFile(old, verifier)
		if err != nil {
			return "", err
		}
		if err := checkConsistency(before, now, tree); err != nil {
			return "", fmt.Errorf("consistency with size %d: %w", before.size, err)
		}
	}
	return fmt.Sprintf("%d leaves, %d proofs", now.size, proved), nil
}

func openFile(path string, verifier note.Verifier) (head, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return head{}, err
	}
	return open(text, verifier)
}

func open(text []byte, verifier note.Verifier) (head, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return head{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return head{}, errors.New("checkpoint: origin is not the key's name")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, fmt.Errorf("checkpoint size: %w", err)
	}
	root, err := tlog.ParseHash(lines[2])
	return head{lines[0], size, root}, err
}

// readTree builds the tree from the leaf tiles, and checks it, every other tile, and the bundles if there are any.
func readTree(log string, now head) (hashes, error) {
	_, err := os.Stat(filepath.Join(log, "tile", "entries"))
	bundles := err == nil
	var tree hashes
	for start := int64(0); start < now.size; start += width {
		end := start + width
		if end > now.size {
			end = now.size
		}
		leaves, err := readTile(log, tlog.Tile{H: 8, L: 0, N: start / width, W: int(end - start)})
		if err != nil {
			return nil, err
		}
		for at, leaf := range leaves {
			stored, err := tlog.StoredHashesForRecordHash(start+int64(at), leaf, tree)
			if err != nil {
				return nil, err
			}
			tree = append(tree, stored...)
		}
		if bundles {
			tile := tlog.Tile{H: 8, L: -1, N: start / width, W: int(end - start)}
			if err := checkBundle(log, tile, leaves); err != nil {
				return nil, err
			}
		}
	}
	root, err := tlog.TreeHash(now.size, tree)
	if err != nil {
		return nil, err
	}
	if root != now.root {
		return nil, fmt.Errorf("leaf tiles have root %v, signed is %v", root, now.root)
	}
	return tree, checkTiles(log, now.size, tree)
}

// checkTiles compares every tile of the tree with what the leaves say. Not tlog.NewTiles: of the partial tile it
// lists every width on the way, and logs keep the last.
func checkTiles(log string, size int64, tree hashes) error {
	for level, count := 0, size; count > 0; level, count = level+1, count/width {
		for start := int64(0); start < count; start += width {
			tile := tlog.Tile{H: 8, L: level, N: start / width, W: width}
			if count-start < width {
				tile.W = int(count - start)
			}
			want, err := tlog.ReadTileData(tile, tree)
			if err != nil {
				return err
			}
			found, err := os.ReadFile(tilePath(log, tile))
			if err != nil {
				return err
			}
			if !bytes.Equal(found, want) {
				return fmt.Errorf("%s is not that of the leaves", tilePath("", tile))
			}
		}
	}
	return nil
}

func checkBundle(log string, tile tlog.Tile, leaves []tlog.Hash) error {
	path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
	rest, err := os.ReadFile(filepath.Join(log, path))
	if err != nil {
		return err
	}
	for at, leaf := range leaves {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return fmt.Errorf("%s: ends inside entry %d", path, at)
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		if tlog.RecordHash(rest[2:end]) != leaf {
			return fmt.Errorf("%s: entry %d is not its leaf", path, at)
		}
		rest = rest[end:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s: bytes after the last entry", path)
	}
	return nil
}

func checkProofs(dir string, verifier note.Verifier) (int, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.tlog-proof"))
	if err != nil {
		return 0, err
	}
	if len(paths) == 0 {
		return 0, errors.New("no proofs to judge")
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		entry, err := os.ReadFile(strings.TrimSuffix(path, ".tlog-proof") + ".entry")
		if err != nil {
			return 0, err
		}
		if err := checkProof(text, entry, verifier); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(paths), nil
}

func checkProof(text, entry []byte, verifier note.Verifier) error {
	end := bytes.Index(text, []byte("\n\n"))
	if end < 0 {
		return errors.New("no checkpoint in the proof")
	}
	lines := strings.Split(string(text[:end]), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("not a tlog-proof")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return errors.New("no index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(raw) != tlog.HashSize {
			return fmt.Errorf("%q is not a hash", line)
		}
		var hash tlog.Hash
		copy(hash[:], raw)
		proof = append(proof, hash)
	}
	now, err := open(text[end+2:], verifier)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, now.size, now.root, index, tlog.RecordHash(entry))
}

func checkConsistency(before, now head, reader tlog.HashReader) error {
	if before.size > now.size {
		return fmt.Errorf("the log shrank to %d", now.size)
	}
	if before.size == now.size && before.root != now.root {
		return errors.New("the log forked")
	}
	if before.size == 0 || before.size == now.size {
		return nil
	}
	proof, err := tlog.ProveTree(now.size, before.size, reader)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, now.size, now.root, before.size, before.root)
}

// hashes is a whole tree in memory, in the order of tlog.StoredHashIndex.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var read []tlog.Hash
	for _, index := range indexes {
		if index < 0 || index >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		read = append(read, h[index])
	}
	return read, nil
}

func readTile(log string, tile tlog.Tile) ([]tlog.Hash, error) {
	data, err := os.ReadFile(tilePath(log, tile))
	if err != nil {
		return nil, err
	}
	if len(data) != tile.W*tlog.HashSize {
		return nil, fmt.Errorf("%s has %d bytes", tilePath("", tile), len(data))
	}
	read := make([]tlog.Hash, tile.W)
	for at := range read {
		copy(read[at][:], data[at*tlog.HashSize:])
	}
	return read, nil
}

// tilePath turns tlog's own path, which names the height of tiles, into that of C2SP, which fixes it at 8.
func tilePath(log string, tile tlog.Tile) string {
	return filepath.Join(log, strings.Replace(tile.Path(), "tile/8/", "tile/", 1))
}

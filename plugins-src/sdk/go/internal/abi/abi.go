//go:build wasip1

// Package abi carries texts and answers across the boundary as the canonical ABI of the component model has them. It is
// compiled for WebAssembly only, and knows no kind.
//
// Records are laid out by hand: a text and a list are an address and a length, 32 bits each; a variant is a byte, and its
// payload from offset 4 on. Addresses are no pointers for the garbage collector, so all that the host will read, or has
// written, is held until it says that it is done. Source: component-model/design/mvp/CanonicalABI.md.
package abi

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
	"unsafe"

	sdk "mcpg.dev/sdk"
	"mcpg.dev/sdk/internal/answer"
)

// view is an address and a length.
type view struct{ at, size uint32 }

// variant has room for each variant of the contract.
type variant struct {
	tag     uint8
	_       [3]byte
	payload [2]view
}

type pair [2]view

type charge struct {
	account                        view
	cost, capacity, refill, window uint64
}

// ahead is an address for what is empty: aligned for everything.
const ahead = 8

var (
	held   []unsafe.Pointer
	result variant
	// nothing is where empty parameters are: a pointer to no memory of Go's, such as 1, ends the program when a stack grows.
	nothing uint64
)

// Text returns a parameter's text.
func Text(at unsafe.Pointer, size uint32) string {
	return unsafe.String((*byte)(at), size)
}

// JSON returns a parameter's document.
func JSON(at unsafe.Pointer, size uint32) json.RawMessage {
	return unsafe.Slice((*byte)(at), size)
}

// Replies returns a parameter's replies.
func Replies(at unsafe.Pointer, size uint32) []sdk.Reply {
	replies := make([]sdk.Reply, size)
	for i, reply := range unsafe.Slice((*variant)(at), size) {
		if reply.tag == 0 {
			replies[i].JSON = JSON(pointer(reply.payload[0]))
		} else {
			replies[i].Problem = &sdk.Problem{
				Code:    Text(pointer(reply.payload[0])),
				Message: Text(pointer(reply.payload[1])),
			}
		}
	}
	return replies
}

// Return lays out an answer and returns its address. It is valid until Done.
func Return(a answer.Answer) unsafe.Pointer {
	result = variant{tag: a.Case}
	switch payload := a.Payload.(type) {
	case nil:
	case string:
		result.payload[0] = text(payload)
	case *sdk.Problem:
		result.payload = [2]view{text(payload.Code), text(payload.Message)}
	case []answer.Pair:
		result.payload[0] = list(payload, func(p answer.Pair) pair { return pair{text(p.First), text(p.Second)} })
	case []answer.Charge:
		result.payload[0] = list(payload, func(c answer.Charge) charge {
			return charge{list(c.Account, text), c.Cost, c.Capacity, c.Refill, c.Window}
		})
	default:
		panic("an answer that the contract does not have")
	}
	return unsafe.Pointer(&result)
}

// Done lets go of all that was held for the host.
func Done() {
	clear(held)
	held = held[:0]
}

func text(s string) view {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if len(s) == 0 {
		return view{ahead, 0}
	}
	return hold(unsafe.Pointer(unsafe.StringData(s)), len(s))
}

func list[T, R any](items []T, lower func(T) R) view {
	if len(items) == 0 {
		return view{ahead, 0}
	}
	records := make([]R, len(items))
	for i, item := range items {
		records[i] = lower(item)
	}
	return hold(unsafe.Pointer(unsafe.SliceData(records)), len(records))
}

func hold(at unsafe.Pointer, size int) view {
	held = append(held, at)
	return view{uint32(uintptr(at)), uint32(size)}
}

func pointer(v view) (unsafe.Pointer, uint32) {
	return unsafe.Add(unsafe.Pointer(nil), uintptr(v.at)), v.size
}

// realloc is how the host gets room for parameters. Blocks are garbage collected, so nothing is freed here.
//
//go:wasmexport cabi_realloc
func realloc(old unsafe.Pointer, oldSize, _, size uint32) unsafe.Pointer {
	if size == 0 {
		return unsafe.Pointer(&nothing)
	}
	block := unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8)))
	copy(unsafe.Slice((*byte)(block), size), unsafe.Slice((*byte)(old), min(oldSize, size)))
	held = append(held, block)
	return block
}

//go:build wasip1

package sink

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/sink@1.0.0#deliver
func exportedDeliver(batch unsafe.Pointer, batchSize uint32, replies unsafe.Pointer, repliesSize uint32) unsafe.Pointer {
	return abi.Return(deliver(abi.JSON(batch, batchSize), abi.Replies(replies, repliesSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/sink@1.0.0#deliver
func returnedDeliver(unsafe.Pointer) { abi.Done() }

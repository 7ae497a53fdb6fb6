//go:build wasip1

package catalog

import (
	"unsafe"

	"mcpg.dev/sdk/internal/abi"
)

func init() { abi.Configure = plugin.Configure }

//go:wasmexport mcpg:plugin/catalog@1.0.0#shape
func exportedShape(caller unsafe.Pointer, callerSize uint32, catalog unsafe.Pointer, catalogSize uint32) unsafe.Pointer {
	return abi.Return(shape(abi.JSON(caller, callerSize), abi.JSON(catalog, catalogSize)))
}

//go:wasmexport cabi_post_mcpg:plugin/catalog@1.0.0#shape
func returnedShape(unsafe.Pointer) { abi.Done() }

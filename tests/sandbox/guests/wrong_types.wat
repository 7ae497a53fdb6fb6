;; Exports the names of a catalog plugin, with another type for `shape`.
(component
  (core module $m
    ;; include common
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "shape") (param i32 i32) (result i32) (i32.const 1024))
  )
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "cabi_realloc" (core func $realloc))
  (type $problem (record (field "code" string) (field "message" string)))
  (func $configure (param "config" string) (result (result (error $problem)))
    (canon lift (core func $i "configure") (memory $memory) (realloc $realloc)))
  (func $shape (param "catalog" string) (result string)
    (canon lift (core func $i "shape") (memory $memory) (realloc $realloc)))
  (instance $lifecycle (export "problem" (type $problem)) (export "configure" (func $configure)))
  (instance $catalog (export "shape" (func $shape)))
  (export "mcpg:plugin/lifecycle@1.0.0" (instance $lifecycle))
  (export "mcpg:plugin/catalog@1.0.0" (instance $catalog))
)

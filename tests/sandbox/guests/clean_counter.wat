;; Keeps a count between calls and lets it into the answer of `see` only; `decide` is pure.
(component
  (core module $m
    ;; include common
    (global $count (mut i32) (i32.const 0))
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $problem (i32.const 1) (local.get 2) (local.get 3)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (call $answer (i32.const 0) (i32.const 4096) (global.get $count)))
    (data (i32.const 4096) "ppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp")
  )
  (core instance $i (instantiate $m))
  ;; include policy
)

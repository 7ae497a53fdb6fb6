;; Permits with an obligation whose JSON is outside its schema, and sees with letters that do not exist.
(component
  (core module $m
    ;; include common
    (data (i32.const 2100) "redact{\"paths\": 7}zz")
    (data (i32.const 4096) "\34\08\00\00\06\00\00\00\3a\08\00\00\0c\00\00\00")
    (func (export "configure") (param i32 i32) (result i32) (call $accepted))
    (func (export "decide") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 4096) (i32.const 1)))
    (func (export "see") (param i32 i32 i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 0) (i32.const 2118) (i32.const 1)))
  )
  (core instance $i (instantiate $m))
  ;; include policy
)

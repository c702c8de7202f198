-- post: a wrk script that posts an atom of about 1.5 KB, another id each time.
--
--   wrk -t1 -c32 -d5 -s test/bench/post.lua http://127.0.0.1:PORT/greenlight/run-atom

local padding = string.rep("for i in range(10): print(i)\\n", 47)
local count = 0

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function request()
    count = count + 1
    return wrk.format(nil, nil, nil,
        '{"atom_id":"bench:' .. count .. '","atom_type":"code_submission","owner":"greenlight",' ..
        '"content_json":{"language":"python","starter_code":"' .. padding .. '"}}')
end

# A server in the shell, quick to start and stop: it answers initialize and every call, and starts a grandchild.
sleep 1000 &
while read -r line; do
  id=${line#*\"id\":}
  id=${id%%[!0-9]*}
  case $line in
    *'"initialize"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"sh\"}}}" ;;
    *'"tools/call"'*) echo "{\"jsonrpc\":\"2.0\",\"id\":$id,\"result\":{\"content\":[]}}" ;;
  esac
done

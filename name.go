package edenwait

// known is a name as a string, without an allocation if the API uses it. A name that is
// missing here is read all the same.
func known(name []byte) string {
	switch string(name) {
	case "public_id":
		return "public_id"
	case "status":
		return "status"
	case "cost":
		return "cost"
	case "provider":
		return "provider"
	case "feature":
		return "feature"
	case "subfeature":
		return "subfeature"
	case "model":
		return "model"
	case "created_at":
		return "created_at"
	case "output":
		return "output"
	case "error":
		return "error"
	case "original_response":
		return "original_response"
	}
	return string(name)
}

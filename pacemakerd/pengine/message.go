package pengine

// Severity of a message about the configuration.
type Severity int

const (
	Info Severity = iota
	Notice
	Warning
	Error
)

// A Message is something to tell about the configuration or the plan. Origin
// names the step that noticed, as crm_verify prints it.
type Message struct {
	Origin   string
	Severity Severity
	Text     string
}

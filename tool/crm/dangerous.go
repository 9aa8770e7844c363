package crm

// dangerous is what a tool says of a command that wants --force.
const dangerous = "The supplied command is considered dangerous.  To prevent accidental destruction of the cluster, " +
	"the --force flag is required in order to proceed."

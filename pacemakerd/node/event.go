package node

import (
	"time"

	"github.com/gocorosync/gocorosync/pacemakerd/cib"
	"github.com/gocorosync/gocorosync/pacemakerd/controller"
	"github.com/gocorosync/gocorosync/pacemakerd/lrmd"
	"github.com/gocorosync/gocorosync/pacemakerd/xml"
)

// Groups are the CPG groups that a node joins, in that order.
var Groups = []string{"stonith-ng", "cib", "attrd", "crmd"}

// Event is an input of the Machine.
type Event interface{ isEvent() }

type (
	// Message is one CPG message, in CPG's order within its group.
	Message struct {
		Group     string
		Node, PID uint32
		Data      []byte
	}
	// Confchg is the new membership of a CPG group.
	Confchg struct {
		Group   string
		Members []uint32
	}
	// Quorum is the state of the quorum service.
	Quorum struct {
		Quorate bool
		Members []uint32
	}
	// Names tells the names of configured nodes.
	Names struct{ ByID map[uint32]string }
	// ClientOpened is a new local client of an endpoint (pacemaker-ipc.md 3).
	ClientOpened struct {
		Client, Service string
		User, Program   string
		PID             int  // of the program; 0 where nobody knows
		Privileged      bool // root or hacluster
	}
	// ClientAsked is a message of a local client.
	ClientAsked struct {
		Client string
		Frame  int32
		Wants  bool // a response frame is expected
		Msg    *xml.Element
	}
	// ClientClosed says that a client is gone.
	ClientClosed struct{ Client string }
	// AgentDone is the end of a Run.
	AgentDone struct{ lrmd.Finish }
	// AgentOverdue says that the process of a Run was killed for its timeout and
	// does not end; AgentDone comes when it does.
	AgentOverdue struct{ ID int }
	// FenceAgentDone is the end of a RunFence.
	FenceAgentDone struct{ lrmd.Finish }
	// GotMetadata answers GetMetadata; Meta is nil if the agent gave none.
	GotMetadata struct {
		Agent lrmd.Agent
		Meta  *lrmd.Metadata
	}
	// Planned answers Plan.
	Planned struct {
		ID    int
		Graph *xml.Element
		Err   error
	}
	// Saved is the outcome of a Save, before any other event.
	Saved struct{ Code cib.Code }
	// Age tells how much CPU time the process has used.
	Age struct{ Used time.Duration }
	// Resume is what an earlier process of this node has left undone; it comes
	// first. Kept is what its resources run with.
	Resume struct {
		Left []controller.Held
		Kept []lrmd.Kept
	}
	// Tick says only that time has passed.
	Tick struct{}
	// Shutdown asks for an orderly end.
	Shutdown struct{}
)

func (Message) isEvent()        {}
func (Confchg) isEvent()        {}
func (Quorum) isEvent()         {}
func (Names) isEvent()          {}
func (ClientOpened) isEvent()   {}
func (ClientAsked) isEvent()    {}
func (ClientClosed) isEvent()   {}
func (AgentDone) isEvent()      {}
func (AgentOverdue) isEvent()   {}
func (FenceAgentDone) isEvent() {}
func (GotMetadata) isEvent()    {}
func (Planned) isEvent()        {}
func (Saved) isEvent()          {}
func (Age) isEvent()            {}
func (Resume) isEvent()         {}
func (Tick) isEvent()           {}
func (Shutdown) isEvent()       {}

// Action is an output of the Machine. The caller carries them out in order.
type Action interface{ isAction() }

type (
	// Join joins a CPG group; a Confchg follows.
	Join struct{ Group string }
	// Leave leaves it.
	Leave struct{ Group string }
	// Multicast sends Data to a CPG group.
	Multicast struct {
		Group string
		Data  []byte
	}
	// Respond answers a client's frame.
	Respond struct {
		Client string
		Frame  int32
		Msg    *xml.Element
	}
	// Notify sends a client an event.
	Notify struct {
		Client string
		Msg    *xml.Element
	}
	// Save makes the CIB durable before anything that follows; Saved is the answer.
	Save struct{ Doc *xml.Element }
	// Accepted notes an operation that this node was asked for, before what
	// follows; Settled says that it was answered by what came before.
	Accepted struct{ controller.Accepted }
	Settled  struct{ Ticket string }
	// Run runs an agent; AgentDone follows.
	Run struct{ lrmd.Run }
	// Keep keeps what a resource runs with for the next process; without
	// parameters it is forgotten.
	Keep struct{ lrmd.Kept }
	// Kill kills a run's process group.
	Kill struct{ ID int }
	// RunFence runs a fence agent for the fencer; FenceAgentDone follows.
	RunFence struct{ lrmd.Run }
	// GetMetadata asks for an agent's meta-data.
	GetMetadata struct{ Agent lrmd.Agent }
	// Plan asks the policy engine for a transition.
	Plan struct {
		ID  int
		CIB *xml.Element
	}
	// NewDC tells who the DC is now, "" for nobody.
	NewDC struct{ Name string }
	// Exit ends the process: 0 after a shutdown, 100 for good.
	Exit struct{ Code int }
)

func (Join) isAction()        {}
func (Leave) isAction()       {}
func (Multicast) isAction()   {}
func (Respond) isAction()     {}
func (Notify) isAction()      {}
func (Save) isAction()        {}
func (Run) isAction()         {}
func (Kill) isAction()        {}
func (Keep) isAction()        {}
func (RunFence) isAction()    {}
func (GetMetadata) isAction() {}
func (Plan) isAction()        {}
func (NewDC) isAction()       {}
func (Accepted) isAction()    {}
func (Settled) isAction()     {}
func (Exit) isAction()        {}

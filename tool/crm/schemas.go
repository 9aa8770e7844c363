package crm

import (
	"os"

	"github.com/gocorosync/gocorosync/pacemakerd/schema"
	"github.com/gocorosync/gocorosync/tool"
)

// schemasOf are the schemas that documents are judged by: ours, or those of the
// folder that PCMK_schema_directory names.
func schemasOf(env *tool.Env) schema.Set {
	dir := os.Getenv(schema.FolderEnv)
	if dir == "" {
		return schema.Set{}
	}
	set, err := schema.Load(os.DirFS(env.Path(dir)))
	if err != nil {
		env.Errorf("%s: %v\n", schema.FolderEnv, err)
	}
	return set
}

package pacemakerd

import (
	"log/slog"
	"os"

	"github.com/gocorosync/gocorosync/pacemakerd/schema"
)

// schemasOf are the schemas that changes of the CIB are judged by: ours, or
// those of the folder that PCMK_schema_directory names.
func schemasOf(log *slog.Logger) schema.Set {
	dir := os.Getenv(schema.FolderEnv)
	if dir == "" {
		return schema.Set{}
	}
	set, err := schema.Load(os.DirFS(dir))
	if err != nil {
		log.Error("the folder of schemas cannot be read", "folder", dir, "err", err)
	}
	return set
}

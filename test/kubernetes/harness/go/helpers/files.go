package main

import (
	"context"
	"flag"
	"net/http"
)

// files serves a folder read-only, as the package index of the cluster.
func files(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("files", flag.ExitOnError)
	listen := flags.String("listen", "", "ADDRESS:PORT")
	root := flags.String("root", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return http.ListenAndServe(*listen, http.FileServer(http.Dir(*root)))
}

package main

import (
	"context"
	"flag"
	"time"
)

// ready waits until the API server answers that it is ready.
func ready(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ready", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "")
	timeout := flags.Duration("timeout", 2*time.Minute, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	api, err := client(*kubeconfig)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	for {
		err := api.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
		if err == nil || ctx.Err() != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// supervise is the one process of the cluster outside its namespaces: it starts their pid 1, relays the API server's port,
// and ends everything when it is told to, when pid 1 ends, or when the process that wanted the cluster is gone.
func supervise(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("supervise", flag.ExitOnError)
	runDir := flags.String("run-dir", "", "folder for the files supervisor, pid1 and port")
	parent := flags.Int("parent", 0, "end the cluster when this process is gone (0: never)")
	afterParent := flags.String("after-parent", "", "program to become after the parent is gone, to clean up")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := recordProcess(filepath.Join(*runDir, "supervisor"), os.Getpid()); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port

	pid1 := exec.Command(flags.Arg(0), flags.Args()[1:]...)
	pid1.Env = append(os.Environ(), fmt.Sprintf("API_PORT=%d", port))
	pid1.Stdout, pid1.Stderr = os.Stdout, os.Stderr
	pid1.SysProcAttr = &unix.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC,
		Pdeathsig:  unix.SIGKILL,
		Setsid:     true,
	}
	if err := pid1.Start(); err != nil {
		return fmt.Errorf("starting pid 1 of the cluster: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- pid1.Wait() }()
	parentGone := make(chan struct{})
	if *parent != 0 {
		go func() { waitForEnd(*parent); close(parentGone) }()
	}
	if err := errors.Join(
		recordProcess(filepath.Join(*runDir, "pid1"), pid1.Process.Pid),
		writeAtomically(filepath.Join(*runDir, "port"), fmt.Sprint(port)),
	); err != nil {
		pid1.Process.Kill()
		return err
	}
	go relay(listener, fmt.Sprintf("/proc/%d/ns/net", pid1.Process.Pid), fmt.Sprintf("127.0.0.1:%d", port))

	select {
	case err := <-ended:
		return fmt.Errorf("pid 1 of the cluster ended by itself: %w", err)
	case <-ctx.Done():
		pid1.Process.Kill()
		<-ended
		return nil
	case <-parentGone:
		log.Printf("process %d is gone: ending the cluster", *parent)
		pid1.Process.Kill()
		<-ended
		if *afterParent == "" {
			return nil
		}
		return unix.Exec(*afterParent, []string{*afterParent, filepath.Dir(*runDir)}, os.Environ())
	}
}

// waitForEnd uses a pidfd, because a pid alone may be given to another process.
func waitForEnd(pid int) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	for {
		if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); n > 0 || err != nil && err != unix.EINTR {
			return
		}
	}
}

// recordProcess writes "PID START_TIME", which together name one process for ever.
func recordProcess(path string, pid int) error {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return err
	}
	afterName := string(stat)[strings.LastIndex(string(stat), ")")+2:]
	return writeAtomically(path, fmt.Sprintf("%d %s", pid, strings.Fields(afterName)[19]))
}

func writeAtomically(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text+"\n"), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// relay accepts in this network namespace and dials in the one at namespacePath.
func relay(listener net.Listener, namespacePath, target string) {
	namespace, err := os.Open(namespacePath)
	if err != nil {
		log.Fatal(err)
	}
	accepted := make(chan net.Conn)
	go func() {
		// This thread lives in the cluster's network namespace for good; sockets keep the namespace they were made in.
		runtime.LockOSThread()
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			log.Fatal("entering the cluster's network namespace: ", err)
		}
		for near := range accepted {
			far, err := net.DialTimeout("tcp", target, 3*time.Second)
			if err != nil {
				near.Close()
				continue
			}
			go join(near.(*net.TCPConn), far.(*net.TCPConn))
		}
	}()
	for {
		near, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		accepted <- near
	}
}

func join(near, far *net.TCPConn) {
	go func() {
		io.Copy(far, near)
		far.CloseWrite()
	}()
	io.Copy(near, far)
	near.Close()
	far.Close()
}

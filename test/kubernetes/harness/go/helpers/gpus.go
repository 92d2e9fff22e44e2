package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	deviceplugin "k8s.io/kubelet/pkg/apis/deviceplugin/v1beta1"
)

// gpus speaks the kubelet's real device plugin API for devices that do not exist.
func gpus(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("gpus", flag.ExitOnError)
	count := flags.Int("count", 2, "")
	resource := flags.String("resource", "nvidia.com/gpu", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := register(ctx, *resource, *count); err != nil {
			log.Print(err)
			time.Sleep(500 * time.Millisecond)
		}
	}
	return nil
}

// register offers the devices until the kubelet removes the socket, which it does when it restarts.
func register(ctx context.Context, resource string, count int) error {
	socket := filepath.Join(deviceplugin.DevicePluginPath, "topology-bench-gpus.sock")
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	defer server.Stop()
	deviceplugin.RegisterDevicePluginServer(server, plugin{count: count})
	go server.Serve(listener)

	kubelet, err := grpc.NewClient("unix://"+deviceplugin.KubeletSocket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer kubelet.Close()
	if _, err := deviceplugin.NewRegistrationClient(kubelet).Register(ctx, &deviceplugin.RegisterRequest{
		Version: deviceplugin.Version, Endpoint: filepath.Base(socket), ResourceName: resource,
	}); err != nil {
		return fmt.Errorf("registering with the kubelet: %w", err)
	}
	log.Printf("registered %d of %s", count, resource)
	for ctx.Err() == nil {
		if _, err := os.Stat(socket); err != nil {
			return nil
		}
		time.Sleep(time.Second)
	}
	return nil
}

type plugin struct {
	deviceplugin.UnimplementedDevicePluginServer
	count int
}

func (plugin) GetDevicePluginOptions(context.Context, *deviceplugin.Empty) (*deviceplugin.DevicePluginOptions, error) {
	return &deviceplugin.DevicePluginOptions{}, nil
}

func (p plugin) ListAndWatch(_ *deviceplugin.Empty, stream grpc.ServerStreamingServer[deviceplugin.ListAndWatchResponse]) error {
	devices := &deviceplugin.ListAndWatchResponse{}
	for i := range p.count {
		devices.Devices = append(devices.Devices, &deviceplugin.Device{ID: fmt.Sprintf("GPU-test-double-%d", i), Health: deviceplugin.Healthy})
	}
	if err := stream.Send(devices); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

func (plugin) Allocate(_ context.Context, request *deviceplugin.AllocateRequest) (*deviceplugin.AllocateResponse, error) {
	response := &deviceplugin.AllocateResponse{}
	for _, container := range request.ContainerRequests {
		response.ContainerResponses = append(response.ContainerResponses, &deviceplugin.ContainerAllocateResponse{
			Envs: map[string]string{"NVIDIA_VISIBLE_DEVICES": strings.Join(container.DevicesIds, ",")},
		})
	}
	return response, nil
}

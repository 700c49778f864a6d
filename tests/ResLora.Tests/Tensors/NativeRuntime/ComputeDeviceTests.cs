using ResLora.Formats.Errors;
using ResLora.Tensors.NativeRuntime;
using Xunit;

namespace ResLora.Tests.Tensors.NativeRuntime;

public sealed class ComputeDeviceTests
{
    [Theory]
    [InlineData(null, 0, 0, "cpu")]
    [InlineData("", 3, 0, "cpu")]
    [InlineData(null, 0, 1, "cuda:0")]
    [InlineData(null, 1, 1, "cuda:0")]
    [InlineData(null, 3, 2, "cuda:1")]
    [InlineData("cuda", 2, 4, "cuda:2")]
    [InlineData("cuda:1", 0, 2, "cuda:1")]
    [InlineData("cuda:0", 1, 2, "cuda:0")]
    public void Choose_IsWhatIsNamedElseAGpuInTurn(string? wanted, int localRank, int devices, string expected) =>
        Assert.Equal(expected, ComputeDevice.Choose(wanted, localRank, () => devices));

    [Fact]
    public void Choose_TheProcessor_AsksForNoGpus() =>
        Assert.Equal("cpu", ComputeDevice.Choose("cpu", 0, () => throw new InvalidOperationException("It was asked for GPUs.")));

    [Theory]
    [InlineData(
        "cuda", 0,
        "RESLORA_DEVICE is cuda, and libtorch sees no CUDA device here; leave it out, or build with -p:TorchBackend=cuda on a machine "
        + "with one.")]
    [InlineData("cuda:2", 2, "RESLORA_DEVICE is cuda:2, and libtorch sees 2 CUDA devices here, counted from 0.")]
    [InlineData("cuda:-1", 2, "RESLORA_DEVICE is 'cuda:-1'; it must be cpu, cuda or cuda: and a number.")]
    [InlineData("gpu", 2, "RESLORA_DEVICE is 'gpu'; it must be cpu, cuda or cuda: and a number.")]
    public void Choose_WhatIsNotThere_IsRefused(string wanted, int devices, string sentence)
    {
        var error = Assert.Throws<ConfigException>(() => ComputeDevice.Choose(wanted, 0, () => devices));

        Assert.Equal(sentence, error.Message);
    }
}

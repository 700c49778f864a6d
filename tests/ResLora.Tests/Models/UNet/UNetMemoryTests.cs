using ResLora.Models.Memory;
using Xunit;

namespace ResLora.Tests.Models.UNet;

public sealed class UNetMemoryTests
{
    private const int Width = 4;

    // Latents of 8 x 8, which are halved twice, and texts of five tokens.
    private const int Pixels = 64;
    private const int Words = 5;

    [Fact]
    public void Of_EveryLayer_AddsUpWhatItsOperationsKeep()
    {
        using var model = TinyUNet.Create();

        var account = model.Memory(Terms(), Words);

        Assert.True(account.IsPerSample);
        Assert.Equal(
            [
                Residual(8, 8, 64) + Transformer(8, 64) + (8 * 64 * Width),      // behind it is the convolution that halves
                Residual(8, 16, 16) + Transformer(16, 16) + (16 * 16 * Width),
                Residual(16, 16, 4),
                Residual(16, 16, 4) + Transformer(16, 4) + Residual(16, 16, 4),
                Residual(32, 16, 4),
                Residual(32, 16, 4) + (16 * 16 * Width),                        // behind it is the convolution of the doubled picture
                Residual(32, 16, 16) + Transformer(16, 16),
                Residual(24, 16, 16) + Transformer(16, 16) + (16 * 64 * Width),
                Residual(24, 8, 64) + Transformer(8, 64),
                Residual(16, 8, 64) + Transformer(8, 64),
            ],
            account.Layers.Select(layer => layer.Kept));
        Assert.Equal(3 * 8 * Pixels * Width, account.BehindLayers);
    }

    [Fact]
    public void Of_CheckpointedLayers_KeepTheirInputsAndWhatSamplersRead()
    {
        using var model = TinyUNet.Create();

        var account = model.Memory(Terms(), Words);

        Assert.Equal(
            [
                (8 + 8) * 64, (8 + 16) * 16, 16 * 4,
                16 * 4,
                32 * 4, (32 * 4) + (16 * 16), 32 * 16, (24 * 16) + (16 * 64), 24 * 64, 16 * 64,
            ],
            account.Layers.Select(layer => layer.Input / Width));
    }

    [Fact]
    public void Of_EveryLinearLayerAndConvolution_IsNamedOnce()
    {
        using var model = TinyUNet.Create();

        var names = model.Memory(Terms(), Words).Layers.SelectMany(layer => layer.Inputs).SelectMany(input => input.Names).ToArray();

        Assert.Equal(model.ExecutionOrder.Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_WhatLiesBeforeALayer_GrowsInTheOrderOfExecution()
    {
        using var model = TinyUNet.Create();

        var layer = model.Memory(Terms(), Words).Layers[0];
        long Before(string end) =>
            layer.Inputs.Single(input => input.Names.Any(name => name.EndsWith(end, StringComparison.Ordinal))).Before;

        Assert.Equal(0, Before("conv_in"));
        Assert.Equal(2 * 8 * 64 * Width, Before("resnets.0.conv1"));
        // The norms before it keep their inputs, the second one with mean and deviation.
        Assert.Equal(Residual(8, 8, 64) + (2 * 8 * 64 * Width) + (8 * 64), Before("attn1.to_q"));
        Assert.Equal(layer.Kept - (8 * 64 * Width), Before("proj_out"));
    }

    [Fact]
    public void Of_HalfNumbersAndWideAttention_KeepsItInFloat32()
    {
        using var narrow = TinyUNet.Create();
        using var wide = TinyUNet.Create(TinyUNet.Config with { WidensAttention = true });

        var (less, more) = (narrow.Memory(Terms(2), Words).Layers[0], wide.Memory(Terms(2), Words).Layers[0]);

        // Two bytes more of query, key, value and output of both attentions. A block that reads the output keeps it in half numbers, too.
        Assert.Equal(2 * 2 * 8 * ((64 + 64) + (64 + Words)), more.Kept - less.Kept);
        Assert.True(Output(less).IsKeptAnyway);
        Assert.False(Output(more).IsKeptAnyway);
        static LinearInput Output(LayerAccount layer) =>
            layer.Inputs.First(input => input.Names[0].EndsWith("to_out.0", StringComparison.Ordinal));
    }

    private static TrainingTerms Terms(int width = Width) =>
        new(width, TrainsBase: false, FusedKernels: true) { Places = Pixels };

    /// <summary>Each half: a norm's input, SiLU's, and the convolution's.</summary>
    private static long Residual(long inputs, long outputs, long pixels) => 3 * (inputs + outputs) * pixels * Width;

    /// <summary>
    /// Of every pixel: the inputs of four norms; query, key, value and output of one attention, query and output of the other; values and
    /// gates of four widths each and as many numbers behind GELU; two numbers for each of three norms, and one for each of two heads,
    /// twice. Of every word: key and value.
    /// </summary>
    private static long Transformer(long width, long pixels) =>
        (((4 + 4 + 2 + 12) * width * Width) + (((3 * 2) + (2 * 2)) * 4)) * pixels + (2 * width * Words * Width);
}

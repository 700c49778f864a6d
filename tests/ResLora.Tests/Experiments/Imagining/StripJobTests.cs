using ResLora.Experiments.Imagining;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Images;
using ResLora.Images.Decoding;
using Xunit;

namespace ResLora.Tests.Experiments.Imagining;

/// <summary>Pictures of two runs in one.</summary>
public sealed class StripJobTests(StripJobTests.Runs runs) : IClassFixture<StripJobTests.Runs>
{
    private const int Label = 180, Heading = 24, Cell = 64 + 6;

    [Fact]
    public void Run_TwoRuns_StandOneBelowTheOtherForEachPrompt()
    {
        var file = runs.World.Folder["two.png"];

        StripJob.Run([runs.First, runs.Second], file);

        var strip = Read(file);
        Assert.Equal((Label + (3 * Cell), Heading + (4 * Cell)), (strip.Width, strip.Height));
        Assert.Equal(Corner(runs.First, 4, 0), At(strip, 2, 0));
        Assert.Equal(Corner(runs.Second, 4, 0), At(strip, 2, 1));
        Assert.Equal(Corner(runs.Second, 4, 1), At(strip, 2, 3));
    }

    [Fact]
    public void Run_SomePrompts_AreDrawnInTheirOrder()
    {
        var file = runs.World.Folder["one.png"];

        StripJob.Run([runs.First], file, 1);

        var strip = Read(file);
        Assert.Equal(Heading + Cell, strip.Height);
        Assert.Equal(Corner(runs.First, 4, 1), At(strip, 2, 0));
    }

    [Theory]
    [InlineData("there", "is there already, and nothing is replaced")]
    [InlineData("number", "There is no prompt 2; the runs have 2, counted from 0.")]
    [InlineData("none", "there are no pictures (samples) of a run of text to image here.")]
    [InlineData("other", "only pictures of the same prompts can be compared.")]
    public void Run_WhatCannotBeDrawn_IsSaid(string fault, string sentence)
    {
        var file = fault == "there" ? runs.World.Folder.Write("there.png", [1]) : runs.World.Folder["faulty.png"];

        var error = Assert.Throws<ConfigException>(() => StripJob.Run(
            fault switch { "none" => [runs.First, runs.World.Folder.Path], "other" => [runs.First, runs.Other], _ => [runs.First] },
            file,
            fault == "number" ? [0, 2] : []));

        Assert.Contains(sentence, error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(runs.World.Folder["faulty.png"]));
    }

    private static PixelImage Read(string file) => PictureDecoder.Decode(File.ReadAllBytes(file), file);

    private static byte[] Corner(string run, int step, int place) =>
        Pixel(Read(Path.Combine(run, "samples", $"{step:D6}", $"{place}.png")), 0, 0);

    private static byte[] At(PixelImage strip, int column, int row) => Pixel(strip, Heading + (row * Cell), Label + (column * Cell));

    private static byte[] Pixel(PixelImage picture, int y, int x) =>
        picture.Bytes[(((y * picture.Width) + x) * PixelImage.Channels)..][..PixelImage.Channels];

    public sealed class Runs : IDisposable
    {
        public Runs()
        {
            First = Train("first", 1, "a red apple", "a dog");
            Second = Train("second", 2, "a red apple", "a dog");
            Other = Train("other", 1, "a cat");
        }

        public TinyDiffusionWorld World { get; } = new();

        public string First { get; }

        public string Second { get; }

        public string Other { get; }

        public void Dispose() => World.Dispose();

        private string Train(string name, int seed, params string[] prompts)
        {
            var config = World.Run(name) with { Samples = new SamplesConfig { Prompts = prompts, Steps = 2 } };
            return TrainJob.Run(
                config with { Training = config.Training with { Seed = seed, LearningRate = 0.1, EvaluateEvery = 2 } },
                stop: TestContext.Current.CancellationToken).RunFolder;
        }
    }
}

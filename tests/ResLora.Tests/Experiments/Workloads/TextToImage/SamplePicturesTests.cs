using System.Text;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Images.Decoding;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Workloads.TextToImage;

public sealed class SamplePicturesTests(TinyDiffusionWorld world) : IClassFixture<TinyDiffusionWorld>
{
    private const int Label = 180, Heading = 24, Cell = 64 + 6;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_WithSamples_DrawsThemAtTheStartAndAtEveryEvaluation()
    {
        var run = TrainJob.Run(Config("draws"), stop: Stop);

        Assert.Equal(["000000", "000002", "000004"], Folders(run));
        Assert.All(Folders(run), step => Assert.Equal(["0.png", "1.png"], Names(Path.Combine(run.RunFolder, "samples", step))));
        Assert.Equal((Label + (3 * Cell), Heading + (2 * Cell)), SizeOfStrip(run));
        Assert.NotEqual(Pixels(run, "000000/0.png"), Pixels(run, "000004/0.png"));
        Assert.Contains(
            "\"step\":4",
            Encoding.Latin1.GetString(File.ReadAllBytes(Path.Combine(run.RunFolder, "samples/000004/0.png"))),
            StringComparison.Ordinal);
        Assert.NotEqual(Pixels(run, "000000/0.png"), Pixels(run, "000000/1.png"));
    }

    [Fact]
    public void Run_WithOrWithoutSamples_LearnsTheSame()
    {
        var with = TrainJob.Run(Config("with"), stop: Stop);
        var without = TrainJob.Run(Config("without") with { Samples = new SamplesConfig() }, stop: Stop);

        Assert.Equal(TinyDiffusionWorld.Tensors(without), TinyDiffusionWorld.Tensors(with));
        Assert.False(Directory.Exists(Path.Combine(without.RunFolder, "samples")));
    }

    [Fact]
    public void Run_Resumed_GoesOnWithTheStripAndGivesTheSamePictures()
    {
        var whole = TrainJob.Run(Config("whole-samples"), stop: Stop);
        using var stop = new CancellationTokenSource();
        TrainJob.Run(Config("part-samples"), progress: new StopAfter(3, stop), stop: stop.Token);

        var resumed = TrainJob.Run(Config("part-samples"), resume: true, stop: Stop);

        Assert.Equal(Folders(whole), Folders(resumed));
        Assert.All(Folders(whole), step => Assert.Equal(Pixels(whole, step + "/0.png"), Pixels(resumed, step + "/0.png")));
        Assert.Equal(SizeOfStrip(whole), SizeOfStrip(resumed));
    }

    [Fact]
    public void Run_APictureThatSomebodyHasChanged_IsLeftFree()
    {
        var damage = new Damage(2, world.Folder["damaged/samples/000000/0.png"]);

        var run = TrainJob.Run(Config("damaged"), progress: damage, stop: Stop);

        Assert.Equal(4, run.Result.Steps);
        Assert.Equal((Label + (3 * Cell), Heading + (2 * Cell)), SizeOfStrip(run));
    }

    [Fact]
    public void Run_ManyEvaluations_KeepsTheStripSmall()
    {
        var config = Config("many");

        var run = TrainJob.Run(
            config with { Samples = config.Samples with { Steps = 1, Guidance = 1, Prompts = ["red"] }, Training = config.Training with { Steps = 25, EvaluateEvery = 1, CheckpointEvery = 0 } },
            stop: Stop);

        Assert.Equal(26, Folders(run).Length);
        Assert.Equal((Label + (20 * Cell), Heading + Cell), SizeOfStrip(run));
    }

    [Fact]
    public void Run_AnUnknownSampler_IsRefusedBeforeTheFolderIsWritten()
    {
        var config = Config("sampler");

        var error = Assert.Throws<ConfigException>(
            () => TrainJob.Run(config with { Samples = config.Samples with { Sampler = "magic" } }, stop: Stop));

        Assert.Contains("magic", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(world.Folder["sampler"]) && Directory.EnumerateFileSystemEntries(world.Folder["sampler"]).Any());
    }

    [Fact]
    public void Problems_OfSamples_AreNamed()
    {
        var samples = new SamplesConfig { Prompts = [.. Enumerable.Repeat("red", 65)], Steps = 0, Guidance = -1 };

        Assert.Equal(
            ["prompts", "steps", "guidance"], samples.Problems().Select(problem => problem[..problem.IndexOf(' ', StringComparison.Ordinal)]));
        Assert.Empty(new SamplesConfig { Prompts = ["red"] }.Problems());
    }

    private RunConfig Config(string output)
    {
        var config = world.Run(output);
        return config with
        {
            Samples = new SamplesConfig { Prompts = ["red", "green"], Steps = 2, Guidance = 2, Seed = 5 },
            Training = config.Training with { EvaluateEvery = 2, CheckpointEvery = 2 },
        };
    }

    private static string[] Folders(TrainReport run) =>
        [.. Directory.GetDirectories(Path.Combine(run.RunFolder, "samples")).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    private static string[] Names(string folder) =>
        [.. Directory.GetFiles(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    private static byte[] Pixels(TrainReport run, string file) =>
        PictureDecoder.Decode(Path.Combine(run.RunFolder, "samples", file)).Bytes.ToArray();

    private static (int Width, int Height) SizeOfStrip(TrainReport run)
    {
        var strip = PictureDecoder.Decode(File.ReadAllBytes(Path.Combine(run.RunFolder, "samples.png")), "samples.png");
        return (strip.Width, strip.Height);
    }

    /// <summary>Writes something else over a file once a step is done.</summary>
    private sealed class Damage(int step, string file) : IProgress<RunEvent>
    {
        public void Report(RunEvent value)
        {
            if (value is StepDone { Step: var done } && done == step)
            {
                File.WriteAllText(file, "no picture");
            }
        }
    }
}

using System.Text;
using ResLora.Experiments.Imagining;
using ResLora.Experiments.Running;
using ResLora.Formats.Errors;
using ResLora.Images.Decoding;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Tests.Training.Distributed;
using ResLora.Training.Generation;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments.Imagining;

public sealed class ImagineJobTests(TinyDiffusionWorld world) : IClassFixture<TinyDiffusionWorld>
{
    private static readonly ImageSettings _settings = new() { Prompt = "red", Negative = "blue", Steps = 3, Guidance = 3, Seed = 7 };

    private static readonly string[] _wrong = ["steps", "guidance", "width", "height", "count"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_EqualSeeds_GiveEqualFilesAndAnotherSeedAnotherPicture()
    {
        var first = Make("first.png", _settings);
        var again = Make("again.png", _settings);
        var other = Make("other.png", _settings with { Seed = 8 });

        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(again));
        Assert.NotEqual(Pixels(first), Pixels(other));
        Assert.Equal(16 * 16 * 3, Pixels(first).Length);
    }

    [Fact]
    public void Run_SeveralPictures_AreAFolderOfThoseOfTheNextSeeds()
    {
        var single = Make("single.png", _settings with { Seed = 9 });

        var pictures = ImagineJob.Run(Options("several", _settings) with { Count = 3 }, stop: Stop);

        Assert.Equal([7L, 8L, 9L], pictures.Select(picture => picture.Seed));
        Assert.Equal(["7.png", "8.png", "9.png"], Directory.GetFiles(world.Folder["several"]).Select(Path.GetFileName).Order());
        Assert.Equal(Pixels(single), Pixels(pictures[2].File));
    }

    [Fact]
    public void Run_PicturesOnSeveralRanks_AreTheFilesOfOne()
    {
        ImagineJob.Run(Options("alone", _settings) with { Count = 5 }, stop: Stop);

        var told = ThreadRanks.Run(2, rank => ImagineJob.Run(Options("together", _settings) with { Count = 5, Ranks = rank }, stop: Stop));

        Assert.All(told, pictures => Assert.Equal([7L, 8L, 9L, 10L, 11L], pictures.Select(picture => picture.Seed)));
        Assert.All(Directory.GetFiles(world.Folder["alone"]), file => Assert.Equal(
            File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(world.Folder["together"], Path.GetFileName(file)))));
        Assert.Equal(5, Directory.GetFiles(world.Folder["together"]).Length);
    }

    [Fact]
    public void Run_EverySetting_MattersToThePicture()
    {
        ImageSettings[] all =
        [
            _settings, _settings with { Prompt = "green" }, _settings with { Negative = "" }, _settings with { Steps = 4 }, _settings with { Guidance = 2 },
            _settings with { Sampler = "euler" }, _settings with { Guidance = 1 }, _settings with { Guidance = 0 },
        ];

        var pictures = all.Select((settings, i) => Convert.ToHexString(Pixels(Make($"matters-{i}.png", settings)))).ToArray();

        Assert.Equal(all.Length, pictures.Distinct().Count());
        Assert.Equal(pictures[6], Convert.ToHexString(Pixels(Make("unguided.png", _settings with { Guidance = 1, Negative = "green" }))));
    }

    [Fact]
    public void Run_OtherSizes_AreMade()
    {
        var picture = PictureDecoder.Decode(File.ReadAllBytes(Make("wide.png", _settings with { Width = 24, Height = 8 })), "wide.png");

        Assert.Equal((24, 8), (picture.Width, picture.Height));
    }

    [Theory]
    [InlineData(17, null, "17 x 16")]
    [InlineData(null, 33, "16 x 33")]
    public void Run_ASizeThatDoesNotFit_IsRefusedWithWhatFits(int? width, int? height, string shown)
    {
        var error = Assert.Throws<ConfigException>(() => Make("unfit.png", _settings with { Width = width, Height = height }));

        Assert.Contains(shown, error.Message, StringComparison.Ordinal);
        Assert.Contains("multiples of", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(world.Folder["unfit.png"]));
    }

    [Fact]
    public void Run_WithATrainedAdapter_MakesAnotherPictureAndKeepsItsNameInside()
    {
        var run = TrainJob.Run(world.Run("style"), stop: Stop);
        var adapter = Path.Combine(run.RunFolder, "last");

        var (plain, styled) = (
            Make("plain.png", _settings), ImagineJob.Run(Options("styled.png", _settings) with { Adapter = adapter }, stop: Stop)[0].File);

        Assert.NotEqual(Pixels(plain), Pixels(styled));
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(styled));
        Assert.Contains(
            "red\nNegative prompt: blue\nSteps: 3, Sampler: ddim, CFG scale: 3, Seed: 7, Size: 16x16, Model: pipeline",
            text,
            StringComparison.Ordinal);
        Assert.Contains("\"adapter\":", text, StringComparison.Ordinal);
        Assert.Contains("\"seed\":7", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AFileThatIsThere_IsLeftAloneBeforeAnythingIsMade()
    {
        Directory.CreateDirectory(world.Folder["there"]);
        File.WriteAllText(world.Folder["there/8.png"], "mine");
        var steps = new List<RunEvent>();

        var error = Assert.Throws<ConfigException>(
            () => ImagineJob.Run(Options("there", _settings) with { Count = 2 }, new Listener(steps.Add), Stop));

        Assert.Contains("8.png' is there already", error.Message, StringComparison.Ordinal);
        Assert.Empty(steps);
        Assert.Equal("mine", File.ReadAllText(Assert.Single(Directory.GetFiles(world.Folder["there"]))));
    }

    [Fact]
    public void Run_PromptsThatAreTooLong_AreTold()
    {
        var told = new List<string>();
        using var listening = Warnings.Listen(told.Add);

        // eight and six tokens, and two around them, of eight
        Make("long.png", _settings with { Prompt = "abcdefgh", Negative = "abcdef" });

        Assert.Contains("The prompt is 2 tokens too long", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Stopped_KeepsThePicturesThatAreDone()
    {
        using var stop = new CancellationTokenSource();
        var listener = new Listener(step =>
        {
            if (step is PictureStep { Picture: 2, Done: 1 })
            {
                stop.Cancel();
            }
        });

        Assert.Throws<OperationCanceledException>(
            () => ImagineJob.Run(Options("stopped", _settings) with { Count = 3 }, listener, stop.Token));

        Assert.Equal(["7.png"], Directory.GetFiles(world.Folder["stopped"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Run_EveryStep_IsTold()
    {
        var steps = new List<RunEvent>();

        ImagineJob.Run(Options("told", _settings) with { Count = 2 }, new Listener(steps.Add), Stop);

        Assert.Equal(
            [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)], steps.Cast<PictureStep>().Select(step => (step.Picture, step.Done)));
        Assert.All(steps.Cast<PictureStep>(), step => Assert.Equal((2, 3), (step.Pictures, step.Total)));
    }

    [Fact]
    public void Run_SettingsThatAreWrong_AreAllNamed()
    {
        var options = Options("x.png", new ImageSettings { Steps = 0, Guidance = double.NaN, Width = 4, Height = 5000 }) with { Count = 0 };

        var message = Assert.Throws<ConfigException>(() => ImagineJob.Run(options, stop: Stop)).Message;

        Assert.All(_wrong, name => Assert.Contains($"{name} is ", message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("two.png", 2, "name a folder")]
    [InlineData("apple.jpg", 1, ".png")]
    [InlineData("apple.webp", 1, ".png")]
    public void Run_AnOutputThatIsNoPlaceForThem_IsRefused(string output, int count, string advice)
    {
        var error = Assert.Throws<ConfigException>(() => ImagineJob.Run(Options(output, _settings) with { Count = count }, stop: Stop));

        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
        Assert.False(Path.Exists(world.Folder[output]));
    }

    [Theory]
    [InlineData("float16")]
    [InlineData("nonsense")]
    public void Run_ATypeThatIsNot_IsRefusedWithThoseThatAre(string name)
    {
        var error = Assert.Throws<ConfigException>(
            () => ImagineJob.Run(Options("typed.png", _settings) with { DataType = name }, stop: Stop));

        Assert.Contains($"dtype is '{name}'; it must be float32, bfloat16 or auto", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AnUnknownSampler_NamesThoseThatThereAre()
    {
        var error = Assert.Throws<ConfigException>(() => Make("sampler.png", _settings with { Sampler = "eular" }));

        Assert.Contains("eular", error.Message, StringComparison.Ordinal);
        Assert.Contains("euler", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unet")]
    [InlineData("vae")]
    [InlineData("text_encoder")]
    public void Run_APartOfAPipeline_MakesNoPictures(string part)
    {
        var error = Assert.ThrowsAny<ResLoraException>(
            () => ImagineJob.Run(Options("part.png", _settings) with { Model = Path.Combine(world.Model, part) }, stop: Stop));

        Assert.Contains("model_index.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AnAutoencoderOfAnotherPipeline_IsRefused()
    {
        var folder = TinyPipeline.Write(world.Folder["other-vae"], vae: TinyPipeline.Vae with { LatentChannels = 3 });

        var error = Assert.Throws<FileFormatException>(
            () => ImagineJob.Run(Options("vae.png", _settings) with { Model = folder }, stop: Stop));

        Assert.Contains("latents have 3 channels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Generate_Pictures_LeavesNoTensors()
    {
        using var session = ResLora.Training.ModelSession.Load(world.Model);
        using var generator = new ImageGenerator(session);
        Run();

        Assert.Equal(0, LiveTensors.Growth(Run));

        void Run()
        {
            generator.Generate(_settings, stop: Stop).Dispose();
            generator.Generate(_settings with { Sampler = "pndm" }, stop: Stop).Dispose();
        }
    }

    private string Make(string output, ImageSettings settings)
    {
        File.Delete(world.Folder[output]);
        return Assert.Single(ImagineJob.Run(Options(output, settings), stop: Stop)).File;
    }

    private ImagineOptions Options(string output, ImageSettings settings) =>
        new() { Model = world.Model, Output = world.Folder[output], Settings = settings };

    private static byte[] Pixels(string file) => PictureDecoder.Decode(File.ReadAllBytes(file), file).Bytes;

    private sealed class Listener(Action<RunEvent> act) : IProgress<RunEvent>
    {
        public void Report(RunEvent value) => act(value);
    }
}

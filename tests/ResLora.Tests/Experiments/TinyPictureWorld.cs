using ResLora.Adapters;
using ResLora.Experiments.Pretraining;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Images;
using ResLora.Tests.Images;
using ResLora.Tests.Support;
using ResLora.Training.Loop;
using Xunit;

namespace ResLora.Tests.Experiments;

/// <summary>
/// A ViT of a few thousand parameters that tells light pictures from dark ones, and pictures of three colours to fine-tune it on, made once
/// for the tests that need them.
/// </summary>
public sealed class TinyPictureWorld : IDisposable
{
    public const int Side = 16;

    private const int OfEachColour = 12;
    private static readonly string[] _colours = ["red", "green", "blue"];

    public TinyPictureWorld()
    {
        foreach (var (colour, i) in _colours.SelectMany((_, c) => Enumerable.Range(0, OfEachColour).Select(i => (c, i))))
        {
            Save($"colours/{_colours[colour]}/{i}.png", Picture(colour, i, 20, 24));
            Save($"lights/{(i % 2 == 0 ? "light" : "dark")}/{colour} {i}.png", Picture(colour, i, Side, Side));
        }

        PretrainJob.Run(Pretraining, stop: TestContext.Current.CancellationToken);
    }

    public TemporaryFolder Folder { get; } = new();

    public string Model => Folder["base"];

    public string Colours => Folder["colours"];

    public PretrainConfig Pretraining => new()
    {
        Objective = PretrainObjective.Pictures,
        Pictures = Folder["lights"],
        ValidationCount = 6,
        Model = new NewModelConfig { Layers = 3, Hidden = 16, Intermediate = 32, Heads = 2, ImageSize = Side, PatchSize = 8, Dropout = 0 },
        Training = new TrainConfig { Steps = 3, BatchSize = 4, Threads = 1 },
        SaveAs = "float32",
        Output = Folder["base"],
    };

    /// <summary>A run of a few steps into a folder of its own.</summary>
    public RunConfig Run(string output, ShortcutKind? kind = ShortcutKind.Input, int steps = 4) => new()
    {
        Model = Model,
        Task = "image-classification",
        Data = new DataConfig { Train = Colours, ValidationCount = 6 },
        Adapter = kind is not { } shortcut ? null : new AdapterConfig { Rank = 2, Shortcut = new ShortcutConfig { Kind = shortcut } },
        Training = new TrainConfig { Steps = steps, BatchSize = 4, LearningRate = 0.02, Threads = 1, Seed = 3 },
        Output = Folder[output],
    };

    public void Save(string name, PixelImage picture)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Folder[name])!);
        File.WriteAllBytes(Folder[name], TinyPictures.Png(picture));
    }

    public void Dispose() => Folder.Dispose();

    /// <summary>One colour, more or less of it, with a pattern that is no help.</summary>
    public static PixelImage Picture(int colour, int number, int height, int width)
    {
        var bytes = new byte[height * width * PixelImage.Channels];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i % PixelImage.Channels == colour ? 120 : 20) + (number % 2 * 60) + (i * (number + 3) % 40));
        }

        return new PixelImage(height, width, bytes);
    }
}

using ResLora.Adapters;
using ResLora.Experiments.Running;
using ResLora.Experiments.Workloads;
using ResLora.Tests.Images;
using ResLora.Tests.Models;
using ResLora.Tests.Support;
using ResLora.Training.Loop;

namespace ResLora.Tests.Experiments;

/// <summary>A tiny pipeline, a dozen captioned pictures of three colours, and a cache of their own; made once for the tests that need
/// them.</summary>
public sealed class TinyDiffusionWorld : IDisposable
{
    public const int Pictures = 12;

    private static readonly string[] _colours = ["red", "green", "blue"];

    private readonly OwnUserCache _cache = new();

    public TinyDiffusionWorld()
    {
        TinyPipeline.Write(Model);
        WritePictures(Data);
    }

    public TemporaryFolder Folder { get; } = new();

    public string Model => Folder["pipeline"];

    public string Data => Folder["pictures"];

    /// <summary>Where encoded pictures and captions are kept.</summary>
    public string Cache => Path.Combine(_cache.Path, "reslora", "latents");

    /// <summary>A run of a few steps into a folder of its own.</summary>
    public RunConfig Run(string output, ShortcutKind? kind = ShortcutKind.None, int steps = 4) => new()
    {
        Model = Model,
        Task = "text-to-image",
        Data = new DataConfig { Train = Data, ValidationCount = 2 },
        Adapter = kind is not { } shortcut ? null : new AdapterConfig { Rank = 2, Shortcut = new ShortcutConfig { Kind = shortcut } },
        Training = new TrainConfig { Steps = steps, BatchSize = 4, LearningRate = 0.01, Threads = 1, Seed = 3 },
        Output = Folder[output],
    };

    /// <summary>Writes pictures with a caption beside each.</summary>
    /// <param name="folder">A new folder.</param>
    public static void WritePictures(string folder)
    {
        Directory.CreateDirectory(folder);
        for (var i = 0; i < Pictures; i++)
        {
            File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TinyPictures.Png(TinyPictureWorld.Picture(i % 3, i, 20, 24)));
            File.WriteAllText(Path.Combine(folder, $"{i}.txt"), _colours[i % 3]);
        }
    }

    /// <summary>The tensors of a trained adapter, as they lie on the disk.</summary>
    internal static byte[] Tensors(TrainReport report) =>
        File.ReadAllBytes(Directory.GetFiles(Path.Combine(report.RunFolder, "last"), "*.safetensors").Single());

    public void Dispose()
    {
        Folder.Dispose();
        _cache.Dispose();
    }
}

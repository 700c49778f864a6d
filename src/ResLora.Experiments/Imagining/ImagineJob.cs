using System.Globalization;
using ResLora.Experiments.Configuration;
using ResLora.Experiments.Running;
using ResLora.Experiments.Sharing;
using ResLora.Experiments.Workloads.TextToImage;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Images;
using ResLora.Images.Writing;
using ResLora.Tensors.NativeRuntime;
using ResLora.Training;
using ResLora.Training.Distributed;
using ResLora.Training.Generation;
using ResLora.Training.Loop;

namespace ResLora.Experiments.Imagining;

/// <summary>Makes pictures from a prompt and writes them, with all that they were made from inside. Ranks share the pictures.</summary>
public static class ImagineJob
{
    /// <summary>Runs the job.</summary>
    /// <param name="options">What is made.</param>
    /// <param name="progress">Is told of every step; null for nobody.</param>
    /// <param name="stop">Ends it between two steps; pictures that are written stay.</param>
    /// <returns>The pictures in the order of their seeds.</returns>
    /// <exception cref="ResLoraException">Settings or files cannot be used, or an output is there already.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static IReadOnlyList<ImaginedPicture> Run(
        ImagineOptions options, IProgress<RunEvent>? progress = null, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ConfigBinder.ThrowIfAny("The picture's settings", [.. options.Problems()]);
        var files = Enumerable.Range(0, options.Count).Select(i => FileOf(options, options.Settings.Seed + i)).ToArray();
        var writes = options.Ranks.Rank == 0;
        foreach (var file in writes ? files : [])
        {
            OutputGuard.RequireNew(file);
        }

        options = options with { DataType = ComputeType.Resolve(options.DataType, options.Model) };
        using var threads = SharedJob.Begin(options.Ranks, options.Terms(), options.Files());
        using var session = ModelSession.Load(options.Model, options.Adapter, ComputeType.Of(options.DataType), ComputeDevice.Current);
        using var generator = new ImageGenerator(session);
        WarnOfLength(generator, options.Settings);
        var sampler = generator.SamplerName(options.Settings);
        var pictures = new List<ImaginedPicture>();
        foreach (var (height, width, bytes) in options.Ranks.MapEach(Enumerable.Range(0, files.Length), Make))
        {
            var (file, settings) = (files[pictures.Count], SettingsOf(pictures.Count));
            if (writes)
            {
                PngFile.Write(file, new PixelImage(height, width, bytes), PictureTexts.Of(
                    settings, sampler, (width, height), options.DataType, options.Model, options.Adapter));
            }

            pictures.Add(new ImaginedPicture(file, settings.Seed));
        }

        return pictures;

        ImageSettings SettingsOf(int i) => options.Settings with { Seed = options.Settings.Seed + i };

        (int Height, int Width, byte[] Bytes) Make(int i)
        {
            using var pixels = generator.Generate(
                SettingsOf(i), (done, total) => progress?.Report(new PictureStep(i + 1, options.Count, done, total)), stop);
            var picture = PictureTensor.ToImage(pixels);
            return (picture.Height, picture.Width, picture.Bytes);
        }
    }

    private static string FileOf(ImagineOptions options, long seed) =>
        Path.GetExtension(options.Output).Equals(".png", StringComparison.OrdinalIgnoreCase)
            ? options.Output
            : Path.Combine(options.Output, string.Create(CultureInfo.InvariantCulture, $"{seed}.png"));

    private static void WarnOfLength(ImageGenerator generator, ImageSettings settings)
    {
        foreach (var (name, text) in new[] { ("prompt", settings.Prompt), ("negative prompt", settings.Negative) })
        {
            if (generator.TokensLeftOut(text) is > 0 and var count)
            {
                Warnings.Add($"The {name} is {count} tokens too long for this model; its end is left out.");
            }
        }
    }
}

/// <summary>A picture that was made.</summary>
/// <param name="File">The PNG file.</param>
/// <param name="Seed">Its seed.</param>
public sealed record ImaginedPicture(string File, long Seed);

/// <summary>A step of a picture is done.</summary>
/// <param name="Picture">Which picture, from 1.</param>
/// <param name="Pictures">How many there will be.</param>
/// <param name="Done">How many of its steps are done.</param>
/// <param name="Total">How many it has.</param>
public sealed record PictureStep(int Picture, int Pictures, int Done, int Total) : RunEvent(Done);

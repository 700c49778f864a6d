using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Images;
using ResLora.Images.Decoding;
using ResLora.Images.Preprocessing;
using ResLora.Tensors.Safetensors;
using static TorchSharp.torch;

namespace ResLora.Experiments.Verification.Pictures;

/// <summary>Settings of preprocessors with what they make of a few pictures.</summary>
internal static class PreprocessCase
{
    private const string Quantity = "pixel_values";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var file = CheckedJson.Deserialize<PreprocessFile>(Path.Combine(folder, "case.json"), _json);
        var pictures = file.Pictures.Select(picture => PictureDecoder.Decode(Path.Combine(folder, "pictures", picture + ".png"))).ToArray();
        var quantities = new List<Quantity>();
        var failures = new List<string>();
        foreach (var variant in file.Variants)
        {
            try
            {
                var preprocessor = PreprocessorFile.Read(Path.Combine(folder, variant.Name));
                var values = pictures.Select((picture, i) => Apply(preprocessor, picture, file.Pictures[i])).ToArray();
                quantities.AddRange(Compare(variant, file, values, Path.Combine(folder, variant.Expected)));
            }
            catch (ConfigException error)
            {
                var isFailure = !variant.MayBeRefused || !error.Message.Contains(
                    variant.Processor.Split("ImageProcessor")[0], StringComparison.Ordinal);
                quantities.Add(new Quantity(variant.Name, isFailure ? 1 : 0, 0));
                if (isFailure)
                {
                    failures.Add(error.Message);
                }
            }
        }

        return PictureCases.Report(name, quantities, failures);
    }

    private static (PixelImage Picture, float[] Values) Apply(Preprocessor preprocessor, PixelImage picture, string name)
    {
        var fitted = preprocessor.Fit(picture, name);
        return (fitted, preprocessor.Values(fitted));
    }

    // pixel_values of all pictures, or one of each where their sizes differ.
    private static IEnumerable<Quantity> Compare(
        PreprocessVariant variant, PreprocessFile file, (PixelImage Picture, float[] Values)[] got, string path)
    {
        using var scope = NewDisposeScope();
        using var expected = SafetensorsReader.Open(path);
        var isOne = expected.Entries.ContainsKey(Quantity);
        var all = isOne ? expected.Read(Quantity).to(float64) : null;
        for (var i = 0; i < got.Length; i++)
        {
            var picture = file.Pictures[i];
            var wanted = all is null ? expected.Read($"{Quantity}.{picture}").to(float64) : all[i];
            var difference = double.PositiveInfinity;
            if (wanted.shape.SequenceEqual([PixelImage.Channels, got[i].Picture.Height, got[i].Picture.Width]))
            {
                var ours = tensor(got[i].Values).reshape(wanted.shape).to(float64);
                difference = ((ours - wanted).abs().max() / (all ?? wanted).abs().max()).item<double>();
            }

            yield return new Quantity($"{variant.Name} {picture}", difference, variant.Exact ? 0 : file.Tolerance[Quantity]);
        }
    }

    private sealed record PreprocessFile(
        IReadOnlyList<string> Pictures, Dictionary<string, double> Tolerance, IReadOnlyList<PreprocessVariant> Variants);

    private sealed record PreprocessVariant(
        string Name, string Processor, string Expected, bool Exact, [property: JsonPropertyName("may_be_refused")] bool MayBeRefused);
}

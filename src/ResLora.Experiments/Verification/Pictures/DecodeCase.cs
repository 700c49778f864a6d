using System.Text.Json;
using System.Text.Json.Serialization;
using ResLora.Formats.Errors;
using ResLora.Formats.Json;
using ResLora.Images;
using ResLora.Images.Decoding;
using ResLora.Tensors.Safetensors;

namespace ResLora.Experiments.Verification.Pictures;

/// <summary>Files of pictures with the bytes that they decode to, and files that are to be refused.</summary>
internal static class DecodeCase
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { RespectNullableAnnotations = true };

    public static CaseReport Run(string name, string folder)
    {
        var file = CheckedJson.Deserialize<DecodeFile>(Path.Combine(folder, "case.json"), _json);
        using var expected = SafetensorsReader.Open(Path.Combine(folder, "expected.safetensors"));
        var quantities = new List<Quantity>();
        var failures = new List<string>();
        foreach (var picture in file.Files)
        {
            try
            {
                var got = PictureDecoder.Decode(Path.Combine(folder, picture.File));
                quantities.AddRange(Compare(picture, got, expected));
            }
            catch (FileFormatException error)
            {
                var isFailure = picture.Optional is null || !error.Message.Contains(picture.File, StringComparison.Ordinal);
                Add(picture.File, isFailure, error.Message);
            }
        }

        foreach (var refused in file.Refused)
        {
            try
            {
                PictureDecoder.Decode(Path.Combine(folder, refused.File));
                Add(refused.File, isFailure: true, $"{refused.File} was decoded and is to be refused: {refused.Why}");
            }
            catch (FileFormatException error)
            {
                Add(
                    refused.File,
                    !error.Message.Contains(refused.File, StringComparison.Ordinal),
                    $"{refused.File} is not named: {error.Message}");
            }
        }

        return PictureCases.Report(name, quantities, failures);

        void Add(string what, bool isFailure, string message)
        {
            quantities.Add(new Quantity(what, isFailure ? 1 : 0, 0));
            if (isFailure)
            {
                failures.Add(message);
            }
        }
    }

    // In levels of 255, as the tolerances are.
    private static IEnumerable<Quantity> Compare(DecodedFile picture, PixelImage got, SafetensorsReader expected)
    {
        using var wanted = expected.Read(picture.Default);
        var (mean, max) = (double.PositiveInfinity, double.PositiveInfinity);
        if (wanted.shape.SequenceEqual([got.Height, got.Width, PixelImage.Channels]))
        {
            var differences = wanted.data<byte>().ToArray().Zip(got.Bytes, (one, other) => Math.Abs(one - other)).ToArray();
            (mean, max) = (differences.Average(), differences.Max());
        }

        yield return new Quantity($"{picture.File} mean", mean, picture.Tolerance.Mean);
        yield return new Quantity($"{picture.File} max", max, picture.Tolerance.Max);
    }

    private sealed record DecodeFile(IReadOnlyList<DecodedFile> Files, IReadOnlyList<RefusedFile> Refused);

    private sealed record DecodedFile(
        string File, string Default, LevelTolerance Tolerance, [property: JsonPropertyName("optional")] string? Optional);

    private sealed record LevelTolerance(double Mean, double Max);

    private sealed record RefusedFile(string File, string Why);
}

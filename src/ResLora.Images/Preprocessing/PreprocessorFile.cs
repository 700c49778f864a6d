using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Formats.Json;

namespace ResLora.Images.Preprocessing;

/// <summary>Reads and writes preprocessor_config.json, in the forms that published models have it.</summary>
public static class PreprocessorFile
{
    /// <summary>The file's name.</summary>
    public const string FileName = "preprocessor_config.json";

    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    /// <summary>Reads a model folder's preprocessing.</summary>
    /// <param name="folder">The folder, with preprocessor_config.json and, where that names no class, config.json.</param>
    /// <returns>The preprocessor.</returns>
    /// <exception cref="FileFormatException">A file is missing or not valid.</exception>
    /// <exception cref="ConfigException">It asks for something that is not supported; all such things are named.</exception>
    public static Preprocessor Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new FileFormatException(
                $"'{path}' does not exist, and it says how pictures become a model's input; take it from where the model is from.");
        }

        using var file = CheckedJson.Read(path);
        if (file.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new FileFormatException($"'{path}' holds no object; the settings of a preprocessor are needed.");
        }

        var reader = new PreprocessorReader(file.RootElement, ClassOf(file.RootElement, folder, path));
        var preprocessor = reader.Read();
        if (reader.Problems.Count > 0)
        {
            throw new ConfigException($"{path}: {string.Join("; ", reader.Problems)}.");
        }

        foreach (var key in reader.Unknown)
        {
            Warnings.Add($"{path}: the key '{key}' is not known here and has no effect.");
        }

        return preprocessor;
    }

    /// <summary>Writes the preprocessing of a model of our own: the keys of ViTImageProcessor.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="preprocessor">A preprocessor without a crop.</param>
    public static void Write(string folder, Preprocessor preprocessor)
    {
        ArgumentNullException.ThrowIfNull(folder);
        AtomicFile.Write(Path.Combine(folder, FileName), stream => stream.Write(Bytes(preprocessor)));
    }

    /// <summary>The content of the file that <see cref="Write"/> writes.</summary>
    /// <param name="preprocessor">A preprocessor without a crop.</param>
    /// <returns>JSON in UTF-8.</returns>
    public static byte[] Bytes(Preprocessor preprocessor)
    {
        ArgumentNullException.ThrowIfNull(preprocessor);
        if (preprocessor.Crop is not null)
        {
            throw new ArgumentException("ViTImageProcessor does not crop.", nameof(preprocessor));
        }

        var json = new JsonObject
        {
            ["do_normalize"] = preprocessor.Mean is not null,
            ["do_rescale"] = preprocessor.RescaleFactor is not null,
            ["do_resize"] = preprocessor.Resize is not null,
            ["image_mean"] = Numbers(preprocessor.Mean),
            ["image_processor_type"] = "ViTImageProcessor",
            ["image_std"] = Numbers(preprocessor.Deviation),
            ["resample"] = (int)preprocessor.Resampling,
            ["rescale_factor"] = preprocessor.RescaleFactor,
            ["size"] = preprocessor.Resize switch
            {
                ResizeRule.Exact size => new JsonObject { ["height"] = size.Height, ["width"] = size.Width },
                ResizeRule.ShortestEdge size => new JsonObject { ["shortest_edge"] = size.Length },
                _ => null,
            },
        };
        return Encoding.UTF8.GetBytes(json.ToJsonString(_indented) + "\n");
    }

    private static ProcessorClass ClassOf(JsonElement file, string folder, string path)
    {
        if ((TextOf(file, "image_processor_type") ?? TextOf(file, "feature_extractor_type")) is { } type)
        {
            return ProcessorClass.OfType(type) ?? throw new ConfigException(
                $"{path}: the processor '{type}' is not supported; those of {string.Join(", ", ProcessorClass.All.Select(one => one.Name))} are.");
        }

        var configPath = Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
        {
            throw new FileFormatException(
                $"{path}: there is no image_processor_type, and no config.json beside it that says what the model is.");
        }

        using var config = CheckedJson.Read(configPath);
        var model = config.RootElement.ValueKind == JsonValueKind.Object ? TextOf(config.RootElement, "model_type") : null;
        return (model is null ? null : ProcessorClass.OfModel(model)) ?? throw new ConfigException(
            $"{path}: there is no image_processor_type, and what models of type '{model}' take is not known here.");
    }

    private static string? TextOf(JsonElement file, string key) =>
        file.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonArray? Numbers(IReadOnlyList<double>? numbers) =>
        numbers is null ? null : [.. numbers.Select(number => (JsonNode)number)];
}

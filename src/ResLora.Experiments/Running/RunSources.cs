using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ResLora.Experiments.Workloads;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;
using ResLora.Models;

namespace ResLora.Experiments.Running;

/// <summary>
/// Digests of the files that a run is made from, beside its data and the weights of its base: a run goes on only with the same.
/// </summary>
internal static class RunSources
{
    private const string ModelConfig = "config.json";

    /// <summary>The digests by what they are of.</summary>
    /// <exception cref="FileFormatException">A file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Of(RunConfig config)
    {
        var companions = WorkloadRegistry.Of(config.Task).Companions;
        var sources = new Dictionary<string, string>
        {
            [ModelConfig] = Digest([ModelRegistry.ConfigOf(config.Model)]),
            [companions.Key] = Digest(companions.Value.Select(name => Path.Combine(config.Model, name))),
        };
        if (WorkloadRegistry.Of(config.Task).Denoises)
        {
            sources["denoising"] = JsonSerializer.Serialize(config.Denoising);
        }

        if (config.StartFrom is { } from)
        {
            sources["the adapter to start from"] = Digest(Directory.Exists(from) ? Directory.GetFiles(from) : [from]);
        }

        return sources;
    }

    /// <summary>The digest of the files that are there, with their names.</summary>
    private static string Digest(IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files.Where(ModelFiles.Exists).Order(StringComparer.Ordinal))
        {
            try
            {
                hash.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(file)));
                using var stream = ModelFiles.OpenRead(file);
                hash.AppendData(SHA256.HashData(stream));
            }
            catch (Exception error) when (DiskFault.Is(error))
            {
                throw new FileFormatException($"'{file}' cannot be read: {error.Message}", error);
            }
        }

        const int shown = 12;
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..shown];
    }
}

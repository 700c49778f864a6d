using System.Runtime.InteropServices;
using ResLora.Experiments.Verification.Chat;
using ResLora.Experiments.Verification.Diffusion;
using ResLora.Experiments.Verification.Gguf;
using ResLora.Experiments.Verification.Pictures;
using ResLora.Experiments.Verification.Statistics;
using ResLora.Formats.Errors;

namespace ResLora.Experiments.Verification;

/// <summary>Runs conformance cases: expected numbers from elsewhere against what this code computes.</summary>
public static class Verifier
{
    private const string CaseFileName = "case.json";
    private const string TokenizerFileName = "expected.jsonl";

    // Cases whose kind says what they are; the others are told by what lies in their folder.
    private static readonly Dictionary<string, (string Kind, Func<string, string, CaseReport> Run)> _byKind =
        new[]
        {
            (Kind: ChatCases.Kind, ChatCases.Runners), (PictureCases.Kind, PictureCases.Runners), (GgufCases.Kind, GgufCases.Runners),
            (StatisticsCases.Kind, StatisticsCases.Runners),
        }
            .SelectMany(area => area.Runners.Select(runner => (runner.Key, area.Kind, runner.Value)))
            .ToDictionary(runner => runner.Key, runner => (runner.Kind, runner.Value), StringComparer.Ordinal);

    /// <summary>Runs every case in the given folders; each is a case itself or holds cases, at any depth.</summary>
    /// <param name="folders">The folders.</param>
    /// <param name="progress">Gets each case's report as soon as it is there; null for nobody.</param>
    /// <returns>The outcome.</returns>
    /// <exception cref="FileFormatException">A folder does not exist or holds no case.</exception>
    public static VerificationReport Run(IEnumerable<string> folders, Action<CaseReport>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(folders);
        var reports = new List<CaseReport>();
        foreach (var folder in folders.SelectMany(Cases))
        {
            var report = RunOne(folder);
            progress?.Invoke(report);
            reports.Add(report);
        }

        return new VerificationReport(reports);
    }

    private static IEnumerable<string> Cases(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new FileFormatException($"{folder}: there is no such folder; give a folder with conformance cases (case.json, or tokenizer.json with expected.jsonl).");
        }

        string[] found =
        [
            .. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
                .Where(file => Path.GetFileName(file) is CaseFileName or TokenizerFileName)
                .Select(file => Path.GetDirectoryName(file)!)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
        return found.Length > 0
            ? found
            : throw new FileFormatException(
                $"{folder}: there is no conformance case in it (case.json, or tokenizer.json with expected.jsonl).");
    }

    private static CaseReport RunOne(string folder)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var kind = "case";
        try
        {
            if (!File.Exists(Path.Combine(folder, CaseFileName)))
            {
                kind = "tokenizer";
                return TokenizerCase.Run(name, folder);
            }

            if (DiffusionCases.TextOf(Path.Combine(folder, CaseFileName), "kind") is { } named && _byKind.TryGetValue(named, out var known))
            {
                kind = known.Kind;
                return known.Run(name, folder);
            }

            if (DiffusionCases.Find(folder) is { } diffusion)
            {
                kind = DiffusionCases.Kind;
                return diffusion(name, folder);
            }

            var file = CaseFile.Read(folder);
            if (file.Kind is CaseFile.LinearKind or CaseFile.ConvolutionKind or CaseFile.EmbeddingKind)
            {
                kind = "layer";
                return LayerCase.Run(name, folder, file);
            }

            if (file.Kind == CaseFile.AdapterKind)
            {
                kind = "adapter";
                return PeftModelCase.Run(name, folder, file);
            }

            kind = "model";
            return ModelCase.Run(name, folder, file);
        }
        catch (ConfigException e)
        {
            // A feature that is refused by name is not supported; a file that breaks its format is a failure.
            return new CaseReport(name, kind, CaseStatus.Unsupported, [], e.Message);
        }
        catch (ResLoraException e)
        {
            return new CaseReport(name, kind, CaseStatus.Failed, [], e.Message);
        }
        catch (ExternalException e)
        {
            // libtorch's own refusal, such as of shapes that do not multiply: its first line says what, the rest is native frames.
            return new CaseReport(name, kind, CaseStatus.Failed, [], e.Message.Split('\n')[0]);
        }
    }
}

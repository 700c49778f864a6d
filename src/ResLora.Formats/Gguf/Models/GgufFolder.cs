using System.Runtime.ExceptionServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ResLora.Formats.Errors;
using ResLora.Formats.NativeRuntime;

namespace ResLora.Formats.Gguf.Models;

/// <summary>
/// Makes a GGUF file look like Hugging Face's folder of its model: <c>model.gguf/config.json</c> is a text made of the file's keys. Nothing
/// is written. What reads a model's folder asks <see cref="Files.ModelFiles"/> and learns nothing of this.
/// </summary>
public static class GgufFolder
{
    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, IndentSize = 2, NewLine = "\n" };
    private static readonly Lock _lock = new();
    private static readonly Dictionary<string, Func<GgufFile, string?>> _makers = new(StringComparer.Ordinal)
    {
        ["config.json"] = file => Text(GgufModel.Read(file).Config),
        ["generation_config.json"] = file => Text(GgufModel.Read(file).GenerationConfig),
    };

    private static (string Path, (ulong, ulong)? Identity, DateTime Written, Dictionary<string, Func<byte[]?>> Texts)? _last;

    /// <summary>Whether a path is a GGUF file.</summary>
    /// <param name="path">A path.</param>
    /// <returns>True for a file whose name ends in <c>.gguf</c>.</returns>
    public static bool IsOne(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(path);
    }

    /// <summary>Adds a file of the folder that another library knows to make.</summary>
    /// <param name="name">Its name, such as tokenizer.json.</param>
    /// <param name="make">Makes its text, or null where a model has none. Throws ResLora's exceptions.</param>
    public static void Add(string name, Func<GgufFile, string?> make)
    {
        lock (_lock)
        {
            _makers[name] = make;
        }
    }

    /// <summary>The content of a file of such a folder.</summary>
    /// <param name="path">A path; any.</param>
    /// <returns>The content; null when the path is in no GGUF file, or names nothing that its folder has.</returns>
    /// <exception cref="ResLoraException">The GGUF file is broken or not supported.</exception>
    internal static byte[]? Find(string path)
    {
        if (Path.GetDirectoryName(path) is not { Length: > 0 } model || !IsOne(model))
        {
            return null;
        }

        lock (_lock)
        {
            return _makers.ContainsKey(Path.GetFileName(path)) ? Made(model, Path.GetFileName(path)) : null;
        }
    }

    // The last file is remembered: a vocabulary of 100 thousand tokens takes a moment, and several readers ask for the same.
    private static byte[]? Made(string model, string name)
    {
        var (place, identity, written) = (Path.GetFullPath(model), DiskCalls.Identity(model), File.GetLastWriteTimeUtc(model));
        if (_last is not { } last || last.Path != place || last.Identity != identity || last.Written != written)
        {
            _last = last = (place, identity, written, new(StringComparer.Ordinal));
        }

        if (!last.Texts.ContainsKey(name))
        {
            // The file's head is read once for all that can be made of it by now.
            using var file = GgufFile.Open(model);
            foreach (var (each, make) in _makers.Where(maker => !last.Texts.ContainsKey(maker.Key)))
            {
                last.Texts[each] = Attempt(file, make);
            }
        }

        return last.Texts[name]();
    }

    /// <summary>
    /// Makes a text, and gives what hands it out, or throws what making it threw: the fault of a text that nobody asks for does not count.
    /// </summary>
    private static Func<byte[]?> Attempt(GgufFile file, Func<GgufFile, string?> make)
    {
        try
        {
            var bytes = make(file) is { } made ? Encoding.UTF8.GetBytes(made) : null;
            return () => bytes;
        }
        catch (ResLoraException error)
        {
            var fault = ExceptionDispatchInfo.Capture(error);
            return () =>
            {
                fault.Throw();
                return null;
            };
        }
    }

    private static string Text(JsonObject json) => json.ToJsonString(_json) + "\n";
}

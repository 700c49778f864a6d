using System.Globalization;
using ResLora.Formats.Errors;

namespace ResLora.Formats.Gguf;

/// <summary>
/// Models in several files, as llama.cpp's gguf-split writes them: <c>NAME-00001-of-00003.gguf</c> has all keys, and each file has its
/// number from 0 (<c>split.no</c>), the number of files (<c>split.count</c>) and that of all tensors (<c>split.tensors.count</c>).
/// </summary>
internal static class GgufSplit
{
    private const string NumberKey = "split.no";
    private const string CountKey = "split.count";
    private const string TensorsKey = "split.tensors.count";

    /// <summary>Opens the other files of a model.</summary>
    /// <param name="first">The file that was given.</param>
    /// <returns>All files in order; the first alone for a model in one file. The caller's.</returns>
    /// <exception cref="FileFormatException">The file is not the first, or another is missing, broken or of another model.</exception>
    public static IReadOnlyList<GgufPart> Open(GgufPart first)
    {
        var count = Number(first, CountKey) ?? 1;
        if (count == 1)
        {
            return [first];
        }

        // A name that has five digits cannot count further, and a file of no parts cannot be.
        if (count is < 1 or > 99999)
        {
            throw new FileFormatException($"GGUF file '{first.Path}' is broken: '{CountKey}' is {count}.");
        }

        var stem = Stem(first, (int)count);
        var parts = new List<GgufPart> { first };
        try
        {
            for (var number = 1; number < count; number++)
            {
                parts.Add(Next(first, GgufPartNames.Of(stem, number, (int)count), number, count));
            }

            RequireTensors(parts);
            return parts;
        }
        catch
        {
            parts.Skip(1).ToList().ForEach(part => part.Dispose());
            throw;
        }
    }

    private static string Stem(GgufPart first, int count)
    {
        if (GgufPartNames.Parse(first.Path) is not var (stem, named, said) || said != count)
        {
            throw new FileFormatException($"'{first.Path}' is one of {count} files of a model ('{CountKey}'); its name must end in "
                + $"-00001-of-{count:D5}.gguf, so that the others can be found beside it.");
        }

        return Number(first, NumberKey) is not { } number || number != named
            ? throw WrongNumber(first, named, first)
            : number == 0
            ? stem
            : throw new FileFormatException(
                $"'{first.Path}' is part {number + 1} of {count}; give the first, '{GgufPartNames.Of(stem, 0, count)}'.");
    }

    private static GgufPart Next(GgufPart first, string path, int number, long count)
    {
        if (!File.Exists(path))
        {
            throw new FileFormatException($"'{path}' is missing, which is part {number + 1} of {count} of the model in '{first.Path}'.");
        }

        var part = GgufPart.Open(path);
        try
        {
            return Number(part, NumberKey) != number ? throw WrongNumber(part, number, first)
                : Number(part, CountKey) != count
                ? throw new FileFormatException(
                    $"'{path}' says '{CountKey}' {Number(part, CountKey)}, and '{first.Path}' says {count}: they are of different models.")
                : part;
        }
        catch
        {
            part.Dispose();
            throw;
        }
    }

    private static void RequireTensors(List<GgufPart> parts)
    {
        var total = parts.Sum(part => (long)part.Entries.Count);
        if (parts.FirstOrDefault(part => Number(part, TensorsKey) is { } said && said != total) is { } wrong)
        {
            throw new FileFormatException(
                $"'{wrong.Path}' says that all parts have {Number(wrong, TensorsKey)} tensors ('{TensorsKey}'); they have {total}.");
        }
    }

    private static FileFormatException WrongNumber(GgufPart part, long wanted, GgufPart first) => new(
        $"'{part.Path}' must have the number {wanted} by its name, and its '{NumberKey}' is "
        + $"{Number(part, NumberKey)?.ToString(CultureInfo.InvariantCulture) ?? "missing"}; the parts of '{first.Path}' do not belong together.");

    private static long? Number(GgufPart part, string key) => !part.Metadata.TryGetValue(key, out var value) ? null : value switch
    {
        ushort number => number,
        int number => number,
        uint number => number,
        _ => throw new FileFormatException($"'{part.Path}': the key '{key}' holds {value.GetType().Name}; a UInt16 is needed."),
    };
}

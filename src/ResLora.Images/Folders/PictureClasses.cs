using System.Globalization;
using ResLora.Formats.Errors;
using ResLora.Text.Data;
using ResLora.Text.Data.Labelling;

namespace ResLora.Images.Folders;

/// <summary>Gives class names their numbers: a model's, those that the data declare, or their order.</summary>
internal static class PictureClasses
{
    /// <summary>The classes of a data set.</summary>
    /// <param name="found">The class names of all pictures.</param>
    /// <param name="declared">Those that the data declare in order; null for none.</param>
    /// <param name="model">Those of a model; null for none.</param>
    /// <param name="source">The data set, for errors.</param>
    /// <returns>The classes.</returns>
    /// <exception cref="FileFormatException">There is one class only, or one that the model has not.</exception>
    /// <exception cref="ConfigException">There are too many classes.</exception>
    public static LabelSet Of(IReadOnlyCollection<string> found, IReadOnlyList<string>? declared, ModelClasses? model, string source)
    {
        var names = declared ?? Sorted(found);
        if (names.Count < 2)
        {
            throw new FileFormatException(
                $"'{source}' has only one class, '{names[0]}'; two or more are needed to learn to tell them apart.");
        }

        return model is null ? new LabelSet(names) : model.AreNamed ? Matched(found, model, source) : Unnamed(names, model, source);
    }

    /// <summary>Says which classes training never sees.</summary>
    /// <param name="pictures">The pictures.</param>
    /// <param name="classes">Their classes.</param>
    /// <param name="source">The data set.</param>
    public static void WarnOfUnseen(IReadOnlyList<LabelledPicture> pictures, LabelSet classes, string source)
    {
        foreach (var unseen in pictures.GroupBy(picture => picture.Label!.Value).OrderBy(group => group.Key).Where(
            group => group.All(picture => picture.Split != TaskSplit.Train)))
        {
            var splits = string.Join(
                " and ", unseen.Select(picture => picture.Split).Distinct().Order().Select(split => split.ToString().ToLowerInvariant()));
            Warnings.Add($"'{source}': the class '{classes.Names[unseen.Key]}' is only in {splits}; training never sees it.");
        }
    }

    /// <summary>
    /// Whole numbers by value where all are such and written in the usual way, so that 0 to n − 1 are their own numbers; all else by code
    /// points, as Python's sorted.
    /// </summary>
    internal static IReadOnlyList<string> Sorted(IEnumerable<string> found)
    {
        string[] names = [.. found.Distinct(StringComparer.Ordinal)];
        return names.All(IsNumber)
            ? [.. names.OrderBy(name => long.Parse(name, CultureInfo.InvariantCulture))]
            : [.. names.Order(Comparer<string>.Create(ByCodePoints))];
    }

    private static LabelSet Matched(IReadOnlyCollection<string> found, ModelClasses model, string source)
    {
        var classes = new LabelSet(model.Names);
        return found.FirstOrDefault(name => classes.Find(name) is null) is { } unknown
            ? throw new FileFormatException(
                $"'{source}' has the class '{unknown}', which the model has not.{NearestName.Suggestion(unknown, classes.Names)} The model's are: {string.Join(", ", classes.Names.Take(20))}.")
            : classes;
    }

    private static LabelSet Unnamed(IReadOnlyList<string> names, ModelClasses model, string source)
    {
        if (names.Count != model.Names.Count)
        {
            throw new FileFormatException(
                $"'{source}' has {names.Count} classes and the model {model.Names.Count}, without names by which to match them.");
        }

        Warnings.Add($"'{source}': the model's classes have no names (LABEL_0 and so on); they are taken in the order {string.Join(", ", names.Take(5))}{(names.Count > 5 ? " …" : "")}.");
        return new LabelSet(names);
    }

    private static bool IsNumber(string name) =>
        long.TryParse(
            name,
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var number) && name == number.ToString(CultureInfo.InvariantCulture);

    // .NET's ordinal order is that of UTF-16, in which emoji come before some letters.
    private static int ByCodePoints(string one, string other)
    {
        var (left, right) = (one.EnumerateRunes().ToArray(), other.EnumerateRunes().ToArray());
        for (var i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (left[i] != right[i])
            {
                return left[i].CompareTo(right[i]);
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}

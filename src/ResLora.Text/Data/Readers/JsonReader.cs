using System.Text.Json;
using ResLora.Formats.Errors;
using ResLora.Formats.Files;

namespace ResLora.Text.Data.Readers;

/// <summary>Reads a JSON file: an array of objects, objects one after the other, or one object of columns.</summary>
internal static class JsonReader
{
    /// <summary>Reads the rows lazily.</summary>
    /// <param name="path">The file, UTF-8.</param>
    /// <returns>The rows; <see cref="Row.Where"/> is the line that the row begins on, in an array also the element's number from
    /// 1.</returns>
    /// <exception cref="FileFormatException">The file is not JSON, an element is no object, or columns are not equally long.</exception>
    public static IEnumerable<Row> Read(string path)
    {
        using var values = new JsonValues(InputFile.OpenRead(path), path);
        using var first = values.Next();
        if (first is null)
        {
            yield break;
        }

        var where = values.Where;
        var second = values.Next();
        if (second is null && !values.IsArray && IsTable(first.RootElement))
        {
            foreach (var row in Rows(first.RootElement, path, where))
            {
                yield return row;
            }

            yield break;
        }

        yield return JsonRow.From(first.RootElement, path, where);
        for (var next = second; next is not null; next = values.Next())
        {
            using (next)
            {
                yield return JsonRow.From(next.RootElement, path, values.Where);
            }
        }
    }

    private static bool IsTable(JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().Any() && value.EnumerateObject().All(
            column => column.Value.ValueKind == JsonValueKind.Array);

    private static IEnumerable<Row> Rows(JsonElement table, string path, string where)
    {
        var columns = Columns(table, path, where);
        var count = columns[0].Values.GetArrayLength();
        if (columns.FirstOrDefault(column => column.Values.GetArrayLength() != count) is { Name: { } other } odd)
        {
            throw new FileFormatException(
                $"{path}, {where}: column '{columns[0].Name}' has {count} values and column '{other}' {odd.Values.GetArrayLength()}; a table needs as many of each.");
        }

        var cells = columns.Select(column => column.Values.EnumerateArray()).ToArray();
        for (var number = 1; number <= count; number++)
        {
            var values = new List<(string, JsonElement)>();
            for (var i = 0; i < cells.Length; i++)
            {
                cells[i].MoveNext();
                values.Add((columns[i].Name, cells[i].Current));
            }

            yield return JsonRow.From(values, path, $"{where}, row {number}");
        }
    }

    private static (string Name, JsonElement Values)[] Columns(JsonElement table, string path, string where)
    {
        try
        {
            return [.. table.EnumerateObject().Select(column => (column.Name, column.Value))];
        }
        catch (InvalidOperationException error)
        {
            throw JsonRow.Broken(path, where, error);
        }
    }
}

using System.Text.Json;

namespace ResLora.Experiments.Configuration;

/// <summary>Settings as dotted keys.</summary>
internal static class DottedKeys
{
    /// <summary>
    /// The single settings of a value, so that what it does not name stays as it is: of <c>adapter</c> and <c>{rank: 4}</c> that is
    /// <c>adapter.rank</c> and 4, and of <c>{}</c> nothing.
    /// </summary>
    /// <param name="type">The record that the key is looked for in.</param>
    /// <param name="key">The dotted key.</param>
    /// <param name="value">Its value; one that is no section stands for itself.</param>
    public static IEnumerable<KeyValuePair<string, JsonElement>> Of(Type type, string key, JsonElement value)
    {
        Type? found = type;
        foreach (var name in key.Split('.'))
        {
            found = found is null || !ConfigBinder.IsRecord(found)
                ? null
                : ConfigBinder.Properties(found).FirstOrDefault(property => property.Name == name)?.PropertyType;
        }

        return value.ValueKind == JsonValueKind.Object && found is not null && ConfigBinder.IsRecord(found)
            ? value.EnumerateObject().SelectMany(inner => Of(type, $"{key}.{inner.Name}", inner.Value))
            : [new(key, value)];
    }
}

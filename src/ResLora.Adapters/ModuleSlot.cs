using System.Collections;
using System.Reflection;
using ResLora.Formats.Errors;
using static TorchSharp.torch;

namespace ResLora.Adapters;

/// <summary>
/// Puts one module in another's place: in the registry that state dictionaries read, and in the field or the list that forward reads.
/// </summary>
internal static class ModuleSlot
{
    /// <summary>Replaces the child <paramref name="name"/> of <paramref name="model"/>.</summary>
    /// <exception cref="ConfigException">The parent keeps the child in a place that cannot hold the new module.</exception>
    public static void Replace(nn.Module model, string name, nn.Module replacement)
    {
        var dot = name.LastIndexOf('.');
        var parent = dot < 0 ? model : model.named_modules().First(m => m.name == name[..dot]).module;
        var child = name[(dot + 1)..];
        var old = parent.named_children().First(c => c.name == child).module;
        foreach (var field in Fields(parent.GetType()))
        {
            var value = field.GetValue(parent);
            if (ReferenceEquals(value, old))
            {
                Require(field.FieldType, replacement, name, parent, $"a field of type {field.FieldType.Name}");
                field.SetValue(parent, replacement);
            }
            else if (value is IList list)
            {
                ReplaceIn(list, old, replacement, name, parent);
            }
        }

        // Registering a second module under a name keeps the first one; null takes it out.
        parent.register_module(child, null!);
        parent.register_module(child, replacement);
        RequirePlaced(parent, child, old, replacement, name);
    }

    private static void ReplaceIn(IList list, nn.Module old, nn.Module replacement, string name, nn.Module parent)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (!ReferenceEquals(list[i], old))
            {
                continue;
            }

            var type = list.GetType();
            Require(
                type.GetElementType() ?? type.GetGenericArguments().FirstOrDefault() ?? typeof(object),
                replacement,
                name,
                parent,
                $"a list of type {type.Name}");
            list[i] = replacement;
        }
    }

    private static void Require(Type holds, nn.Module replacement, string name, nn.Module parent, string place)
    {
        if (!holds.IsInstanceOfType(replacement))
        {
            throw new ConfigException(
                $"'{name}': {parent.GetType().Name} keeps this layer in {place}, which no adapter fits into; declare it as Module<Tensor, Tensor>.");
        }
    }

    /// <summary>A model that still reads the old module would train blocks that nothing runs.</summary>
    private static void RequirePlaced(nn.Module parent, string child, nn.Module old, nn.Module replacement, string name)
    {
        var isRegistered = ReferenceEquals(parent.named_children().FirstOrDefault(c => c.name == child).module, replacement);
        var isKept = !ReferenceEquals(old, replacement) && Fields(parent.GetType()).Select(field => field.GetValue(parent))
            .Any(value =>
                ReferenceEquals(value, old) || (value is IList list && list.Cast<object?>().Any(entry => ReferenceEquals(entry, old))));
        if (!isRegistered || isKept)
        {
            throw new ConfigException($"'{name}': {parent.GetType().Name} does not let its layer be replaced, so that an adapter would not be run; leave it out.");
        }
    }

    private static IEnumerable<FieldInfo> Fields(Type? type)
    {
        for (; type is not null && type != typeof(nn.Module); type = type.BaseType)
        {
            foreach (var field in type.GetFields(
                BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            {
                yield return field;
            }
        }
    }
}

namespace ResLora.Tensors.Pickles;

/// <summary>
/// What becomes of the calls in a pickle. Nothing is called: a few functions of torch are known by name and stand for tensors, and all
/// others give placeholders. Names that can do harm are refused even where nobody wants their value, since no checkpoint has them.
/// </summary>
/// <param name="bytes">The pickle, for errors.</param>
/// <param name="storage">Finds numbers in the archive by key and type: where they begin, if so many are there.</param>
internal sealed class PickleCalls(PickleBytes bytes, Func<string, PickleType, long, long> storage)
{
    private const int MostDimensions = 64;

    private static readonly string[] _harmful =
    [
        "os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "runpy", "importlib", "pty", "ctypes", "code", "codeop", "marshal",
        "webbrowser", "platform", "commands", "pdb", "bdb", "timeit", "pip", "multiprocessing", "asyncio", "operator",
    ];

    private static readonly string[] _harmfulBuiltins =
    [
        "eval", "exec", "execfile", "compile", "open", "file", "__import__", "getattr", "setattr", "delattr", "input", "breakpoint", "globals",
        "locals", "vars", "apply", "map", "filter",
    ];

    /// <summary>A name of a class or function.</summary>
    /// <param name="module">The module.</param>
    /// <param name="name">The name in it.</param>
    public PickleGlobal Named(string module, string name)
    {
        var found = new PickleGlobal(module, name);
        var isHarmful = module is "builtins" or "__builtin__" or "__builtins__"
            ? _harmfulBuiltins.Contains(name.Split('.')[0])
            : _harmful.Contains(module.Split('.')[0]);
        return isHarmful
            ? throw bytes.Broken($"it names '{Shown.Of(found.Full)}', which runs code and has no place in a checkpoint")
            : found;
    }

    /// <summary>What a call gives.</summary>
    /// <param name="function">The function.</param>
    /// <param name="arguments">Its arguments.</param>
    public object? Call(object? function, object? arguments)
    {
        if (function is PicklePlaceholder unknown)
        {
            return unknown;
        }

        if (function is not PickleGlobal named)
        {
            throw bytes.Broken("something is called that is no function");
        }

        var given = arguments as PickleTuple;
        return (named.Full, given?.Items) switch
        {
            (_, null) when arguments is not PicklePlaceholder =>
                throw bytes.Broken($"'{Shown.Of(named.Full)}' is called without arguments in brackets"),
            ("collections.OrderedDict", []) => new PickleDictionary(),
            ("torch._utils._rebuild_tensor_v2", { } values) => Tensor(values),
            ("torch._utils._rebuild_parameter", [PickleTensor or PicklePlaceholder, _, _]) => given!.Items[0],
            _ => new PicklePlaceholder(named.Full),
        };
    }

    /// <summary>What torch keeps outside of the pickle: numbers in the archive.</summary>
    /// <param name="id">("storage", type, key, device, count).</param>
    public object Persistent(object? id)
    {
        if (id is not PickleTuple { Items: ["storage", PickleGlobal type, string key, _, long count, ..] })
        {
            throw bytes.Broken("what lies outside of the pickle is no storage of torch");
        }

        return PickleType.Find(type) is { } known ? new PickleStorage(
            known, storage(key, known, count), count) : new PicklePlaceholder(type.Full);
    }

    /// <summary>storage, where the view begins, sizes, strides, whether it is trained, hooks, and what changes how numbers are
    /// read.</summary>
    private object Tensor(object?[] values)
    {
        if (values.OfType<PicklePlaceholder>().FirstOrDefault() is { } unknown)
        {
            return unknown;
        }

        if (values is not [PickleStorage numbers, long start, PickleTuple sizes, PickleTuple strides, bool, var hooks, .. var more])
        {
            throw bytes.Broken("a tensor's parts are not those that torch writes");
        }

        if (hooks is not (null or PickleDictionary { IsEmpty: true }) || more is not ([] or [null or PickleDictionary { IsEmpty: true }]))
        {
            return new PicklePlaceholder("torch._utils._rebuild_tensor_v2 with hooks or flags");
        }

        var tensor = new PickleTensor(numbers, start, Numbers(sizes), Numbers(strides));
        return tensor.Shape.Length == tensor.Strides.Length && Lies(tensor)
            ? tensor
            : throw bytes.Broken($"a tensor of sizes [{string.Join(", ", tensor.Shape)}] does not lie within its {numbers.Count} numbers");
    }

    private long[] Numbers(PickleTuple tuple) => tuple.Items.Length <= MostDimensions && tuple.Items.All(item => item is long and >= 0)
        ? [.. tuple.Items.Cast<long>()]
        : throw bytes.Broken($"a tensor's sizes are not up to {MostDimensions} whole numbers from 0");

    /// <summary>Whether all numbers of a view are there, and are no more than those there are (a stride of 0 would make many of
    /// one).</summary>
    private static bool Lies(PickleTensor tensor)
    {
        var (last, count) = ((UInt128)tensor.Start, (UInt128)1);
        if (tensor.Start < 0 || tensor.Start > tensor.Storage.Count)
        {
            return false;
        }

        if (tensor.Shape.Contains(0))
        {
            return true;
        }

        foreach (var (size, stride) in tensor.Shape.Zip(tensor.Strides))
        {
            last += (UInt128)(size - 1) * (UInt128)stride;
            count *= (UInt128)size;
            if (last >= (UInt128)tensor.Storage.Count || count > (UInt128)tensor.Storage.Count)
            {
                return false;
            }
        }

        return last < (UInt128)tensor.Storage.Count;
    }
}

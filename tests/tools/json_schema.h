/* json_schema.h: checks a JSON document against a schema of tools/render/. */
#ifndef STRONG_TESTS_JSON_SCHEMA_H
#define STRONG_TESTS_JSON_SCHEMA_H

#include <gtest/gtest.h>
#include <jansson.h>

#include <set>
#include <string>
#include <vector>

/* The part of JSON Schema that the schemas use. A keyword not known here is an error, so
 * the schema cannot promise what is not checked. Objects may have no undeclared properties: the
 * schema allows a later version to add some, but this version must declare its own. */
class Schema
{
  public:
    explicit Schema(json_t *root)
    {
        check_keywords(root);
        root_ = root;
    }

    void check(json_t *value)
    {
        check(root_, value, "$");
    }
    std::vector<std::string> errors;

  private:
    void fail(const std::string &path, const std::string &what)
    {
        errors.push_back(path + ": " + what);
    }

    void check_keywords(json_t *schema)
    {
        static const std::set<std::string> known = {
            "$schema", "title", "description", "type",    "properties", "required",
            "items",   "enum",  "const",       "minimum", "anyOf",      "additionalProperties"};
        const char *key;
        json_t *value;
        json_object_foreach(schema, key, value)
        {
            if (!known.count(key))
                fail("schema", std::string("unknown keyword ") + key);
        }
        json_object_foreach(json_object_get(schema, "properties"), key, value)
            check_keywords(value);
        if (json_t *items = json_object_get(schema, "items"))
            check_keywords(items);
    }

    static bool is_type(const char *type, json_t *value)
    {
        std::string name = type;
        return (name == "object" && json_is_object(value)) ||
               (name == "array" && json_is_array(value)) ||
               (name == "string" && json_is_string(value)) ||
               (name == "integer" && json_is_integer(value)) ||
               (name == "number" && json_is_number(value)) ||
               (name == "boolean" && json_is_boolean(value)) ||
               (name == "null" && json_is_null(value));
    }

    void check_type(json_t *type, json_t *value, const std::string &path)
    {
        bool fits = json_is_string(type) && is_type(json_string_value(type), value);
        for (size_t i = 0; i < json_array_size(type); i++)
            fits |= is_type(json_string_value(json_array_get(type, i)), value);
        if (!fits)
            fail(path, "wrong type");
    }

    void check_object(json_t *schema, json_t *value, const std::string &path)
    {
        json_t *properties = json_object_get(schema, "properties"), *one, *required;
        json_t *additional = json_object_get(schema, "additionalProperties");
        const char *key;
        size_t i;
        json_array_foreach(json_object_get(schema, "required"), i, required)
        {
            if (!json_object_get(value, json_string_value(required)))
                fail(path, std::string("misses ") + json_string_value(required));
        }
        json_object_foreach(value, key, one)
        {
            json_t *declared = json_object_get(properties, key);
            if (declared)
                check(declared, one, path + "." + key);
            else if (json_is_object(additional))
                check(additional, one, path + "." + key);
            else if (properties)
                fail(path, std::string("does not declare ") + key);
        }
    }

    void check(json_t *schema, json_t *value, const std::string &path)
    {
        if (json_t *type = json_object_get(schema, "type"))
            check_type(type, value, path);
        if (json_t *constant = json_object_get(schema, "const"))
            if (!json_equal(constant, value))
                fail(path, "is not the constant");
        if (json_t *values = json_object_get(schema, "enum")) {
            bool member = false;
            for (size_t i = 0; i < json_array_size(values); i++)
                member |= json_equal(json_array_get(values, i), value);
            if (!member)
                fail(path, "is not in the list");
        }
        if (json_t *least = json_object_get(schema, "minimum"))
            if (json_is_number(value) && json_number_value(value) < json_number_value(least))
                fail(path, "is too small");
        if (json_t *choices = json_object_get(schema, "anyOf")) {
            size_t before = errors.size();
            bool fits = false;
            for (size_t i = 0; i < json_array_size(choices) && !fits; i++) {
                errors.resize(before);
                check(json_array_get(choices, i), value, path);
                fits = errors.size() == before;
            }
        }
        if (json_is_object(value))
            check_object(schema, value, path);
        json_t *items = json_object_get(schema, "items");
        for (size_t i = 0; items && i < json_array_size(value); i++)
            check(items, json_array_get(value, i), path + "[" + std::to_string(i) + "]");
    }

    json_t *root_;
};

struct Parsed {
    explicit Parsed(const std::string &text)
    {
        json_error_t error;
        root = json_loads(text.c_str(), 0, &error);
        EXPECT_NE(root, nullptr) << error.text << " at " << error.line << "\n"
                                 << text.substr(0, 400);
    }
    ~Parsed()
    {
        json_decref(root);
    }
    json_t *root;
};

inline void expect_schema_of(json_t *root, const std::string &name)
{
    json_error_t error;
    std::string path = std::string(STRONG_SOURCE_DIR) + "/tools/render/" + name;
    json_t *text = json_load_file(path.c_str(), 0, &error);
    ASSERT_NE(text, nullptr) << error.text;
    Schema schema(text);
    schema.check(root);
    for (const std::string &one : schema.errors)
        ADD_FAILURE() << one;
    json_decref(text);
}

#endif
